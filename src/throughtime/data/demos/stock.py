"""The prices of the demo ``stock``: a share on each day that it was traded.

Source and licence: prices of Google's share, which matplotlib carries for its examples (PSF-like licence;
https://matplotlib.org, ``sample_data/goog.npz``), 19 August 2004 to 14 October 2008.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from throughtime.data.demos.making import Files, lent, tables_that_grow

__all__ = ["GROWN", "daily_prices"]

GROWN = "share.csv"
"""The table with the last 21 months, which nothing was learned from."""


def daily_prices(folder: Path) -> Files:
    """Write the prices of a share, a row for each day of trading: once up to the end of 2006, and once whole.

    Args:
        folder: where the tables go.

    Returns:
        A table to learn from, columns date, open, high, low, close (dollars) and volume (shares); none to validate on,
        as that is the end of it. The longer one lies beside it.

    Raises:
        UsageError: matplotlib is not installed.
    """
    prices: Any = lent("matplotlib.cbook", "matplotlib").get_sample_data("goog.npz")["price_data"]
    columns = ("date", "open", "high", "low", "close", "volume")
    rows = [",".join(map(str, row)) for row in prices[list(columns)].tolist()]
    return tables_that_grow(folder / "share-until-2006.csv", folder / GROWN, ",".join(columns), rows, "2007")
