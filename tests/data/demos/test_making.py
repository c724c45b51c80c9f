"""A package that data is made of may be missing: one line says how to get it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest

from throughtime.data.demos.digits import handwritten_digits
from throughtime.data.demos.making import lent_file, tables_that_grow
from throughtime.data.demos.moving import moving_digits
from throughtime.data.demos.names import names_by_country
from throughtime.data.demos.stock import daily_prices
from throughtime.data.demos.weather import seattle_weather
from throughtime.errors import UsageError


@pytest.mark.parametrize(
    ("make", "module", "package"),
    [
        (names_by_country, "faker.providers.person.hr_HR", "Faker"),
        (moving_digits, "sklearn.datasets", "scikit-learn"),
        (handwritten_digits, "PIL.Image", "Pillow"),
        (daily_prices, "matplotlib.cbook", "matplotlib"),
    ],
)
def test_without_its_package_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], object], module: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UsageError, match=rf"needs {package}: pip install 'throughtime\[demo\]'"):
        make(tmp_path)


def test_without_the_package_of_a_file_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(name: str) -> object:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", gone)
    with pytest.raises(UsageError, match=r"needs vega_datasets: pip install 'throughtime\[demo\]'"):
        seattle_weather(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_file_that_its_package_no_longer_carries_is_missing() -> None:
    assert lent_file("numpy", "numpy/__init__.py").is_file()
    with pytest.raises(UsageError, match="this demo needs numpy"):
        lent_file("numpy", "numpy/no_such.csv")


def test_a_table_is_written_as_it_was_and_as_it_is(tmp_path: Path) -> None:
    rows = ["2019-12-31,1", "2020-01-01,2", "2020-01-02,3"]
    files = tables_that_grow(tmp_path / "was.csv", tmp_path / "is.csv", "date,x", rows, "2020")
    assert files == ([tmp_path / "was.csv"], [])
    assert (tmp_path / "was.csv").read_bytes() == b"date,x\n2019-12-31,1\n"
    assert (tmp_path / "is.csv").read_bytes() == b"date,x\n2019-12-31,1\n2020-01-01,2\n2020-01-02,3\n"
