"""Estimators that read a sequence in each row of X."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Self, cast

from throughtime.errors import DataError, UsageError
from throughtime.estimators.base import Estimator
from throughtime.estimators.checks import require_fitted, watch_names
from throughtime.estimators.sequences import Form, Sequences, sequences_of
from throughtime.tasks.supervised.options import SupervisedOptions
from throughtime.tasks.supervised.prediction import Prediction

__all__ = ["FILES", "RowEstimator"]

FILES = SupervisedOptions.READING | {
    "feature_columns", "fill", "image_steps", "colour", "mel_bands",
    "target_type", "label_separator", "wide", "tbptt",
}  # fmt: skip
"""Options of a task that say how files are read."""


class RowEstimator(Estimator):
    """Reads a sequence in each row of X; says something of each row."""

    FORMS: ClassVar[frozenset[Form]] = frozenset(["texts", "columns", "steps"])
    """What X may be."""

    n_features_in_: int

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.input_tags.string = True
        tags.input_tags.three_d_array = True
        return tags

    def _take(self, X: Any, *, reset: bool) -> Sequences:
        """Take X; where it is learned from, keep what it is, else see that it is the same."""
        found, name = sequences_of(X), type(self).__name__
        if found.form not in self.FORMS:
            raise DataError(f"X has lists of words, and {name} reads texts: join each, ' '.join(words)")
        if not reset:
            found = found.like(self._form, getattr(self, "n_features_in_", None), name)
        watch_names(self, X, reset=reset)
        if reset:
            self._form: Form = found.form
            vars(self).pop("n_features_in_", None)
            if found.features is not None:
                self.n_features_in_ = found.features
        return found

    @abstractmethod
    def _targets(self, y: Any, rows: Sequences, *, reset: bool) -> list[Any]:
        """Take y, one target for each row, as a list that a run reads; where it is learned from, keep its classes."""

    def _fit_rows(self, X: Any, y: Any, valid: Any) -> Self:
        """Learn from rows; a fit that fails leaves nothing learned, one that was to go on what there was."""
        if not self._goes_on:
            vars(self).pop("_kept", None)
        reset = not self._goes_on
        rows = self._take(X, reset=reset)
        targets = self._targets(y, rows, reset=reset)
        if len(rows.rows) < 2:
            raise DataError("X has 1 sample (n_samples=1); one is held out, so two are needed at least")
        given = None
        if valid is not None:
            if not isinstance(valid, tuple | list) or len(cast("list[object]", valid)) != 2:
                raise UsageError("valid is what is validated on, two values: valid=(X, y)")
            held_out = self._take(valid[0], reset=False)
            given = (list(held_out.rows), self._targets(valid[1], held_out, reset=False))
        run = self._learn((list(rows.rows), targets), given)
        if run.status == "interrupted":  # Ctrl-C is passed on; what was learned until then is kept
            raise KeyboardInterrupt
        return self

    def _said(self, X: Any) -> list[Prediction]:
        """What the network says of each row, in their order."""
        require_fitted(self)
        rows = self._take(X, reset=False).rows
        said = self.run_.predict((list(rows), None), note=lambda _: None)
        assert isinstance(said, list)
        return said
