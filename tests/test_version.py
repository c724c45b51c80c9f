"""Which version it is, installed or not."""

from __future__ import annotations

import importlib.metadata

import pytest

import throughtime


def test_the_version_is_that_of_the_installed_package() -> None:
    assert throughtime.__version__ == importlib.metadata.version("throughtime")


def test_a_copy_of_the_sources_has_one_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", absent)
    assert throughtime.__version__ == "0+source"
