"""A run of a forecaster that is made up: its scores, and what it says comes next."""

from __future__ import annotations

from pathlib import Path
from typing import Any


class Forecaster:
    """Stands for a run: has the scores that it is told.

    Args:
        network: the network's (mae, crps, coverage_80).
        **rivals: the same of naive forecasts.
    """

    def __init__(self, network: tuple[float, float, float], **rivals: tuple[float, float, float]) -> None:
        self.network, self.rivals = network, rivals
        self.asked: list[dict[str, Any]] = []

    def evaluate(self, data: Path, **how: Any) -> dict[str, Any]:
        self.asked.append({"data": data, **how})
        naive = {name: {"is": name.replace("_", " "), **_scores(each)} for name, each in self.rivals.items()}
        return {**_scores(self.network), "origins": 363, "rivals": naive}

    def forecast_files(self, data: Path, out: Path, *, plot: str, **how: Any) -> None:
        self.asked.append({"data": data, "out": out, "plot": plot, **how})
        out.write_text("date,median,0.1,0.9\n2016-01-01,6.64,-4.25,8.71\n2016-01-02,7.4,4.3,10.44\n", encoding="utf-8")
        Path(plot).write_text("<svg/>", encoding="utf-8")


def _scores(numbers: tuple[float, float, float]) -> dict[str, float]:
    return dict(zip(("mae", "crps", "coverage_80"), numbers, strict=True))
