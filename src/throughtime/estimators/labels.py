"""Labels of any kind of NumPy's, and the names that stand for them in a run. Loads no torch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from throughtime.data.encoding.labels import composed
from throughtime.errors import DataError

__all__ = ["classes_of", "names_of"]

_Array: TypeAlias = NDArray[Any]


def classes_of(labels: _Array) -> tuple[_Array, _Array]:
    """Find the classes.

    Args:
        labels: (N,) of one kind.

    Returns:
        (the classes, sorted; for each label the place of its class, (N,)).

    Raises:
        DataError: labels are missing, of several kinds, or all the same.

    Example:
        >>> classes, places = classes_of(np.array(["yes", "no", "yes"]))
        >>> classes.tolist(), places.tolist()
        (['no', 'yes'], [1, 0, 1])
    """
    for number, label in enumerate(labels.tolist() if labels.dtype.kind in "OfT" else (), 1):
        if label is None or label != label:
            raise DataError(f"row {number} of y has no label (Input contains NaN); leave it out, or label it")
    try:
        classes, places = np.unique(labels, return_inverse=True)
    except TypeError:
        kinds = sorted({type(label).__name__ for label in labels.tolist()})
        raise DataError(f"y holds labels of several kinds, {' and '.join(kinds)}; give all of one kind") from None
    if len(classes) < 2:
        raise DataError(f"y has one class, {classes.tolist()[0]!r}; two classes are needed to tell apart")
    return classes, places


def names_of(classes: Sequence[object] | _Array) -> list[str]:
    """Give each class the name that stands for it in a run: the label as a text, where a run would keep that as it is.

    Args:
        classes: the classes.

    Returns:
        Their names.

    Raises:
        DataError: two would have one name.

    Example:
        >>> names_of(np.array([1, 2])), names_of([" >50K", "<=50K"])
        (['1', '2'], ["' >50K'", '<=50K'])
    """
    values = cast("Iterable[object]", classes.tolist() if isinstance(classes, np.ndarray) else classes)
    names = [_name(str(value)) for value in values]
    for first, second in zip(sorted(names), sorted(names)[1:], strict=False):
        if first == second:
            raise DataError(f"y has two classes that are both written {first!r}; rename one")
    return names


def _name(label: str) -> str:
    """A run takes white space off labels, composes their letters and takes lists of one label apart."""
    kept = composed(label.strip())
    return label if label and kept == label and label[0] != "[" else ascii(label)
