"""The weather of the demo ``weather``: what was measured in Seattle on each day of four years.

Source and licence: measurements of NOAA, an office of the United States (public domain), in vega_datasets (MIT licence;
https://github.com/altair-viz/vega_datasets, ``seattle-weather.csv``). Its column ``weather`` was made out of several.
"""

from __future__ import annotations

from pathlib import Path

from throughtime.data.demos.making import Files, lent_file, tables_that_grow

__all__ = ["GROWN", "seattle_weather"]

GROWN = "seattle.csv"
"""The table with the last year, which nothing was learned from."""


def seattle_weather(folder: Path) -> Files:
    """Write the weather of Seattle, a row for each day: once up to the end of 2014, and once with 2015, too.

    Args:
        folder: where the tables go.

    Returns:
        A table to learn from, columns date, precipitation (mm), temp_max and temp_min (degrees Celsius), wind (m/s) and
        weather; none to validate on, as that is the end of it. The longer one lies beside it.

    Raises:
        UsageError: vega_datasets is not installed.
    """
    text = lent_file("vega_datasets", "vega_datasets/_data/seattle-weather.csv").read_text("utf-8")
    columns, *rows = text.replace("/", "-").splitlines()  # dates as ISO 8601 writes them
    return tables_that_grow(folder / "seattle-until-2014.csv", folder / GROWN, columns, rows, "2015")
