"""A package that data is made of may be missing: one line says how to get it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from throughtime.data.demos.digits import handwritten_digits
from throughtime.data.demos.moving import moving_digits
from throughtime.data.demos.names import names_by_country
from throughtime.errors import UsageError


@pytest.mark.parametrize(
    ("make", "module", "package"),
    [
        (names_by_country, "faker.providers.person.hr_HR", "Faker"),
        (moving_digits, "sklearn.datasets", "scikit-learn"),
        (handwritten_digits, "PIL.Image", "Pillow"),
    ],
)
def test_without_its_package_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], object], module: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UsageError, match=rf"needs {package}: pip install 'throughtime\[demo\]'"):
        make(tmp_path)
