"""A tagger of sequences with the habits of scikit-learn: a label for each step."""

from __future__ import annotations

from typing import Any, ClassVar, Self, cast

import numpy as np
from numpy.typing import NDArray

from throughtime.doors import taking
from throughtime.errors import DataError
from throughtime.estimators.base import called, taken
from throughtime.estimators.checks import require_fitted, require_y, same_length
from throughtime.estimators.labels import classes_of, names_of
from throughtime.estimators.parameters import with_parameters
from throughtime.estimators.reading_rows import FILES, RowEstimator
from throughtime.estimators.sequences import Form, Sequences, items_of

__all__ = ["SequenceTagger"]


@with_parameters
class SequenceTagger(RowEstimator):
    """Learn a label for each step of a sequence, as ``fit("tag", ...)`` does, with the habits of scikit-learn.

    X is as for :class:`SequenceClassifier`, and may hold lists of words; a text is taken apart at white space. y holds
    for each sequence as many labels as it has steps. Labels that mark spans (B-PER, I-PER) are brought to one scheme,
    as ``fit`` does. A tenth of the sequences is held out unless ``valid`` is given.

    Attributes: ``classes_``; ``n_features_in_`` and ``feature_names_in_`` where there are some; ``run_``, the run.

    Example:
        >>> words, tags = [["a", "fox"], ["the", "red", "fox"]] * 20, [["D", "N"], ["D", "A", "N"]] * 20
        >>> few = {"hidden": 8, "embedding": 8, "batch_size": 4, "warmup": 10, "learning_rate": 0.02, "random_state": 0}
        >>> tagger = SequenceTagger(epochs=15, spelling=0, **few).fit(words, tags)
        >>> [row.tolist() for row in tagger.predict([["the", "fox"]])]
        [['D', 'N']]
    """

    TASK: ClassVar[str] = "tag"
    HIDDEN: ClassVar[frozenset[str]] = FILES
    FORMS: ClassVar[frozenset[Form]] = frozenset(["texts", "words", "columns", "steps"])

    classes_: NDArray[Any]

    @taking(taken, called)
    def fit(self, X: Any, y: Any, *, valid: Any = None) -> Self:
        """Learn from sequences and the labels of their steps.

        Args:
            X: N sequences.
            y: N lists or arrays of labels, one for each step; or an array (N, T).
            valid: (X, y) to validate on in place of the tenth that is held out.

        Returns:
            The estimator.

        Raises:
            ValueError: X or y is not what is asked for, or a parameter cannot be honoured.
            TrainingError: the loss is not finite.
        """
        return self._fit_rows(X, y, valid)

    def _targets(self, y: Any, rows: Sequences, *, reset: bool) -> list[list[str]]:
        require_y(self, y)
        labels, ends = _joined(y, rows)
        if reset:
            self.classes_, places = classes_of(labels)
            names = names_of(self.classes_)
            named = [names[place] for place in cast("list[int]", places.tolist())]
        else:
            known = dict(zip(self.classes_.tolist(), names_of(self.classes_), strict=True))
            strange = next((label for label in labels.tolist() if label not in known), None)
            if strange is not None:
                raise DataError(f"y has the class {strange!r}, which was not learned from")
            named = [known[label] for label in labels.tolist()]
        return [named[start:end] for start, end in zip([0, *ends], ends, strict=False)]

    @taking(taken, called)
    def predict(self, X: Any) -> NDArray[Any]:
        """Give the label of each step.

        Args:
            X: N sequences, as they were learned from.

        Returns:
            (N,) arrays of T labels each, in the order of X.

        Raises:
            NotFittedError: nothing was learned yet.
            ValueError: X is not what was learned from.
        """
        said = self._said(X)
        known = dict(zip(names_of(self.classes_), self.classes_.tolist(), strict=True))
        rows = np.empty(len(said), object)
        for number, each in enumerate(said):
            # A label of spans in another scheme than that of y stands for itself.
            found = [known.get(name, name) for name in cast("tuple[str, ...]", each.value)]
            rows[number] = np.array(found, None if set(found) - set(known.values()) else self.classes_.dtype)
        return rows

    @taking(taken, called)
    def score(self, X: Any, y: Any) -> float:
        """Give the share of all steps that have the right label, as ``run_.evaluate`` counts it.

        Args:
            X: N sequences.
            y: the labels of their steps.

        Returns:
            The accuracy, from 0 to 1.

        Raises:
            NotFittedError: nothing was learned yet.
            ValueError: X or y is not what was learned from.
        """
        require_fitted(self)
        require_y(self, y)
        rows = self._take(X, reset=False)
        labels, ends = _joined(y, rows)
        known = dict(zip(self.classes_.tolist(), names_of(self.classes_), strict=True))
        named = [known.get(label, ascii(label)) for label in labels.tolist()]
        wanted = [named[start:end] for start, end in zip([0, *ends], ends, strict=False)]
        return float(self.run_.evaluate((list(rows.rows), wanted), note=lambda _: None)["accuracy"])


def _joined(y: Any, rows: Sequences) -> tuple[NDArray[Any], list[int]]:
    """The labels of all steps one behind the other, and where each sequence ends among them."""
    given = items_of(y)
    same_length(rows.rows, given)
    labels: list[Any] = []
    ends: list[int] = []
    for number, (row, each) in enumerate(zip(rows.rows, given, strict=True), 1):
        if isinstance(each, str) or not hasattr(each, "__len__"):
            raise DataError(f"row {number} of y is {each!r:.40}, not a list of labels, one for each step")
        steps = len(row.split() if isinstance(row, str) else cast("list[object]", row))
        if len(each) != steps:
            raise DataError(f"row {number} of X has {steps} steps, and row {number} of y has {len(each)} labels")
        labels += items_of(each) if not hasattr(each, "tolist") else each.tolist()
        ends.append(len(labels))
    return _as_array(labels), ends


def _as_array(labels: list[Any]) -> NDArray[Any]:
    """Labels of one kind as NumPy has them; of several as they are, for these are refused."""
    if len(set(map(type, labels))) == 1:
        return np.array(labels)
    array = np.empty(len(labels), object)
    array[:] = labels
    return array
