"""A classifier of sequences with the habits of scikit-learn."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin

from throughtime.doors import taking
from throughtime.errors import DataError
from throughtime.estimators.base import called, taken
from throughtime.estimators.checks import labels_in, require_y, same_length
from throughtime.estimators.labels import classes_of, names_of
from throughtime.estimators.parameters import with_parameters
from throughtime.estimators.reading_rows import FILES, RowEstimator
from throughtime.estimators.sequences import Sequences

__all__ = ["SequenceClassifier"]


@with_parameters
class SequenceClassifier(ClassifierMixin, RowEstimator):
    """Learn one label for each sequence, as ``fit("classify", ...)`` does, with the habits of scikit-learn.

    X is a list (an array, a column of pandas or polars) of texts, a list of arrays (T, F) or of lists of numbers, each
    as long as it is, an array (N, T, F), or a table (N, T) with a series of one feature in each row. y holds N labels
    of any kind. A tenth is held out, of each label its share, unless ``valid`` is given: the weights that do best on it
    are kept, and the probabilities are fitted on it. Nothing is written but a temporary folder.

    Attributes: ``classes_``; ``n_features_in_`` (columns of a table, or features of a step) and ``feature_names_in_``
    where there are some; ``run_``, the run.

    Example:
        >>> texts, labels = ["so good", "so bad"] * 20, ["yes", "no"] * 20
        >>> few = {"hidden": 8, "embedding": 8, "batch_size": 4, "warmup": 10, "learning_rate": 0.02, "random_state": 0}
        >>> clf = SequenceClassifier(epochs=10, **few).fit(texts, labels)
        >>> clf.predict(["so good", "so bad"]).tolist(), clf.classes_.tolist()
        (['yes', 'no'], ['no', 'yes'])
    """

    TASK: ClassVar[str] = "classify"
    HIDDEN: ClassVar[frozenset[str]] = FILES

    classes_: NDArray[Any]

    @taking(taken, called)
    def fit(self, X: Any, y: Any, *, valid: Any = None) -> Self:
        """Learn from sequences and their labels.

        Args:
            X: N sequences.
            y: (N,) their labels.
            valid: (X, y) to validate on in place of the tenth that is held out.

        Returns:
            The estimator.

        Raises:
            ValueError: X or y is not what is asked for (:class:`~throughtime.DataError` where that is no check of
                scikit-learn), or a parameter cannot be honoured (:class:`~throughtime.UsageError`).
            TrainingError: the loss is not finite.
        """
        return self._fit_rows(X, y, valid)

    def _targets(self, y: Any, rows: Sequences, *, reset: bool) -> list[str]:
        require_y(self, y)
        labels = labels_in(y)
        same_length(rows.rows, labels)
        if reset:
            classes, places = classes_of(labels)
            names = names_of(classes)
            self.classes_ = classes
            return [names[place] for place in places.tolist()]
        known = dict(zip(self.classes_.tolist(), names_of(self.classes_), strict=True))
        for number, label in enumerate(labels.tolist(), 1):
            if label not in known:
                raise DataError(f"row {number} of y has the class {label!r}, which was not learned from")
        return [known[label] for label in labels.tolist()]

    @taking(taken, called)
    def predict(self, X: Any) -> NDArray[Any]:
        """Give the likeliest label of each sequence.

        Args:
            X: N sequences, as they were learned from.

        Returns:
            (N,) labels, in the order of X.

        Raises:
            NotFittedError: nothing was learned yet.
            ValueError: X is not what was learned from.
        """
        said = self._said(X)
        places = {name: place for place, name in enumerate(names_of(self.classes_))}
        return self.classes_[[places[str(each.value)] for each in said]]

    @taking(taken, called)
    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Give the probability of each class.

        Args:
            X: N sequences, as they were learned from.

        Returns:
            (N, classes), in the order of ``classes_``.

        Raises:
            NotFittedError: nothing was learned yet.
            ValueError: X is not what was learned from.
        """
        said = self._said(X)
        names = names_of(self.classes_)
        return np.array([[(each.probabilities or {})[name] for name in names] for each in said], np.float64)

    def predict_log_proba(self, X: Any) -> NDArray[np.float64]:
        """Give the logarithm of the probability of each class; see :meth:`predict_proba`."""
        return np.log(self.predict_proba(X))
