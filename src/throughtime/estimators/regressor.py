"""A regressor of sequences with the habits of scikit-learn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin

from throughtime.doors import taking
from throughtime.estimators.base import called, taken
from throughtime.estimators.checks import numbers_in, require_y, same_length
from throughtime.estimators.parameters import with_parameters
from throughtime.estimators.reading_rows import FILES, RowEstimator
from throughtime.estimators.sequences import Sequences

__all__ = ["SequenceRegressor"]


@with_parameters
class SequenceRegressor(RegressorMixin, RowEstimator):
    """Learn a number for each sequence, as ``fit("classify", ..., target_type="number")`` does, with the habits of
    scikit-learn.

    X is as for :class:`SequenceClassifier`, y holds N numbers. A tenth is held out unless ``valid`` is given: the
    weights that do best on it are kept.

    Attributes: ``n_features_in_`` and ``feature_names_in_`` where there are some; ``run_``, the run.

    Example:
        >>> import numpy as np
        >>> X = [np.full((n, 1), 1.0) for n in range(2, 22)] * 4
        >>> few = {"hidden": 8, "embedding": 8, "batch_size": 4, "warmup": 10, "learning_rate": 0.02, "random_state": 0}
        >>> reg = SequenceRegressor(epochs=20, dropout=0.0, frame_mask=0.0, pooling="last", **few)
        >>> reg.fit(X, [len(x) for x in X]).predict([np.ones((12, 1))]).round()
        array([12.])
    """

    TASK: ClassVar[str] = "classify"
    FIXED: ClassVar[Mapping[str, object]] = {"target_type": "number"}
    HIDDEN: ClassVar[frozenset[str]] = FILES | {"class_weights", "label_smoothing"}

    @taking(taken, called)
    def fit(self, X: Any, y: Any, *, valid: Any = None) -> Self:
        """Learn from sequences and their numbers.

        Args:
            X: N sequences.
            y: (N,) their numbers.
            valid: (X, y) to validate on in place of the tenth that is held out.

        Returns:
            The estimator.

        Raises:
            ValueError: X or y is not what is asked for, or a parameter cannot be honoured.
            TrainingError: the loss is not finite.
        """
        return self._fit_rows(X, y, valid)

    def _targets(self, y: Any, rows: Sequences, *, reset: bool) -> list[float]:
        require_y(self, y)
        numbers = numbers_in(y)
        same_length(rows.rows, numbers)
        return cast("list[float]", numbers.tolist())

    @taking(taken, called)
    def predict(self, X: Any) -> NDArray[np.float64]:
        """Give the number of each sequence.

        Args:
            X: N sequences, as they were learned from.

        Returns:
            (N,) numbers, in the order of X.

        Raises:
            NotFittedError: nothing was learned yet.
            ValueError: X is not what was learned from.
        """
        return np.array([each.value for each in self._said(X)], np.float64)
