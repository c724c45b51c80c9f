"""A forecaster of series with the habits of scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from throughtime.doors import taking
from throughtime.errors import DataError, UsageError
from throughtime.estimators.base import Estimator, called, taken
from throughtime.estimators.checks import require_fitted
from throughtime.estimators.parameters import plain, with_parameters
from throughtime.estimators.series import History, columns_of

__all__ = ["Forecaster"]

MEDIAN = 0.5


@with_parameters
class Forecaster(Estimator):
    """Learn series and say what comes after their end, as ``fit("forecast", ...)`` does, with the habits of
    scikit-learn.

    y is one series (T,), a series in each column of an array (T, N) or data frame, a list or dict of series of several
    lengths, or a table with a row for each step, whose columns the parameters name (``time_column``, ``id_column``,
    ``target_column``, ``known_columns`` ...). Of pandas an index of times is the time. The end of each series is held
    out: the weights that do best on it are kept. A search takes ``cv=TimeSeriesSplit()`` and y in place of X:
    ``GridSearchCV(Forecaster(), grid, cv=TimeSeriesSplit(3)).fit(y)``.

    Attributes: ``run_``, the run; ``series_names_``.

    Example:
        >>> y = np.sin(np.arange(120) * 2 * np.pi / 12)
        >>> model = Forecaster(horizon=6, season="12", hidden=8, epochs=2, random_state=0).fit(y)
        >>> model.predict().shape, model.predict_quantiles(quantiles=[0.1, 0.9]).shape
        ((6,), (6, 2))
        >>> bool(abs(model.predict(3) - np.sin(np.arange(120, 123) * 2 * np.pi / 12)).max() < 0.1)
        True
    """

    TASK: ClassVar[str] = "forecast"
    HIDDEN: ClassVar[frozenset[str]] = frozenset(["format", "separator", "header", "encoding"])

    horizon: int | None
    known_columns: str | None
    target_column: str | None
    series_names_: list[str]

    @taking(taken, called)
    def fit(self, y: Any, X: Any = None) -> Self:
        """Learn from series.

        Args:
            y: the series; see the class.
            X: (T, F) what is known ahead beside one series (holidays, prices, the weather forecast): an array, or a
                data frame with as many rows.

        Returns:
            The estimator.

        Raises:
            DataError: y or X cannot be read, or is too short.
            UsageError: a parameter cannot be honoured.
            TrainingError: the loss is not finite.
        """
        if not self._goes_on:
            vars(self).pop("_kept", None)
        history = History.of(y, X)
        if history.X is not None and (self.known_columns or self.target_column):
            raise UsageError("known_columns and target_column name columns of y; with X beside y, leave them out")
        run = self._learn(history.data(), **history.known)
        self._history = history
        self.series_names_ = list(run.model.inputs.scales)
        if run.status == "interrupted":  # Ctrl-C is passed on; what was learned until then is kept
            raise KeyboardInterrupt
        return self

    @taking(taken, called)
    def predict(self, horizon: int | None = None, X: Any = None, *, y: Any = None) -> NDArray[np.float64]:
        """Say what comes next: the median.

        Args:
            horizon: H, steps to look ahead; None takes the rows of X, or as many as were learned.
            X: (H, F) what is known of these steps, where X was learned from.
            y: series to go on from in place of those that were learned from; nothing is trained again.

        Returns:
            (H,) for one series, else (H, N); of several targets (H, N, K).

        Raises:
            NotFittedError: nothing was learned yet.
            UsageError: the network cannot look as far.
            DataError: X is missing or does not fit, or y cannot be read.
        """
        return self._quantiles(horizon, X, y, [MEDIAN])[..., 0]

    @taking(taken, called)
    def predict_quantiles(
        self,
        horizon: int | None = None,
        X: Any = None,
        *,
        quantiles: Sequence[float] = (0.1, 0.5, 0.9),
        y: Any = None,
    ) -> NDArray[np.float64]:
        """Say what comes next and how sure that is.

        Args:
            horizon: as for :meth:`predict`.
            X: as for :meth:`predict`.
            quantiles: Q levels between 0 and 1.
            y: as for :meth:`predict`.

        Returns:
            (H, Q) for one series, else (H, N, Q); in the order of ``quantiles``.

        Raises:
            NotFittedError: nothing was learned yet.
            UsageError: a level is not between 0 and 1, or the network cannot look as far.
            DataError: X is missing or does not fit, or y cannot be read.
        """
        levels: list[float] = np.atleast_1d(np.asarray(quantiles, np.float64)).tolist()
        if not levels:
            raise UsageError("quantiles is empty; give levels between 0 and 1, such as [0.1, 0.9]")
        return self._quantiles(horizon, X, y, levels)

    def _quantiles(self, horizon: int | None, X: Any, y: Any, levels: Sequence[float]) -> NDArray[np.float64]:
        """(H, Q), (H, N, Q) or (H, N, K, Q)."""
        require_fitted(self)
        history = self._history if y is None else self._history.newer(y)
        if (history.X is None) != (X is None):
            raise DataError(
                "X was learned from beside y: give X, (H, F), for the steps to come"
                if X is None
                else "X was not learned from, so nothing can be read of it; leave it out"
            )
        if X is not None:
            horizon = len(X) if horizon is None else horizon
            if len(X) < horizon:
                raise DataError(f"X has {len(X)} rows, and {horizon} steps are asked for: give as many rows")
        others = sorted({*levels} - {MEDIAN})
        how: dict[str, Any] = {"quantiles": ",".join(map(repr, others))} if others else {}
        found = self.run_.forecast(history.data(X), note=lambda _: None, **plain({"horizon": horizon}), **how)
        places = [0 if level == MEDIAN else 1 + others.index(level) for level in levels]
        values = np.stack([each[..., places] for each in found.values], 1)
        values = values[:, :, 0] if values.shape[2] == 1 else values
        return values[:, 0] if values.shape[1] == 1 and values.ndim == 3 else values

    @taking(taken, called)
    def score(self, y: Any, X: Any = None) -> float:
        r"""Say how good forecasts of the steps after the end of what was learned from are: more is better, 0 is best.

        .. math:: -\frac{1}{N} \sum_n \frac{\frac{1}{H} \sum_t |y_{nt} - \hat y_{nt}|}
                                  {\frac{1}{T-1} \sum_{t=2}^T |y_{nt} - y_{n,t-1}|}

        the mean absolute scaled error, below 0: the error of the median in units of what the series changes by from one
        step to the next in what was learned from.

        Args:
            y: (H,) or (H, N) what has come.
            X: (H, F) what was known of it, where X was learned from.

        Returns:
            The score.

        Raises:
            NotFittedError: nothing was learned yet.
            DataError: y is no table of series in columns, has other series, or a series that never changed.

        Source:
            Hyndman, Koehler 2006, "Another look at measures of forecast accuracy", section 3.
        """
        require_fitted(self)
        wanted, before = columns_of(y), columns_of(self._history.y)
        if wanted.shape[1] != before.shape[1]:
            raise DataError(f"y has {wanted.shape[1]} series, and {before.shape[1]} were learned from")
        scale = np.nanmean(abs(np.diff(before, axis=0)), 0)
        if not (scale > 0).all():
            raise DataError("a series never changed in what was learned from, so that no error can be scaled by it")
        found = self._quantiles(len(wanted), X, None, [MEDIAN])[..., 0].reshape(wanted.shape)
        return -float((np.nanmean(abs(wanted - found), 0) / scale).mean())
