"""Hypothesis draws whole configurations; layer and oracle must agree in everything, on every kernel that can."""

from __future__ import annotations

import pytest
from cases import Case
from drawn import cases, quiet
from hypothesis import given, settings

pytestmark = pytest.mark.filterwarnings("ignore:.*nested tensor.*", "ignore:.*fx_tracing.*")


@given(cases())
@settings(max_examples=60, derandomize=True, **quiet)
def test_drawn(case: Case) -> None:
    case.check_kernels()


@pytest.mark.slow
@given(cases())
@settings(max_examples=1000, print_blob=True, **quiet)
def test_many_drawn(case: Case) -> None:
    case.check_kernels()
