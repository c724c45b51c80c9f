"""Every cell and option of the sweep on a GPU, in Triton's interpreter, against the reference in float64.

There the host launches step by step with all programs of a group in turn, so slices of units, sums over all of them,
ends of rows and what is exchanged between programs are those of a GPU. Sizes are small and odd: two or three programs
of 16 units.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch

pytest.importorskip("triton", reason="the sweep on a GPU needs triton")

from gpu_cases import BY_NAME, ROUNDING, compare, made

from throughtime.kernels.triton.sweep import plan

pytestmark = pytest.mark.filterwarnings(
    "ignore:overflow encountered:RuntimeWarning"
)  # what is read too early may be anything

ALL: dict[str, Any] = {"resets": True, "restart": True, "noise": True, "tail": 2}
"""Resets to learned states, zoneout and recurrent dropout by masks, rows past the last token."""

CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "elman with all": ("rnn_tanh-layer_norm", {"sizes": (2, 1), "hidden": 20, "directions": 2, **ALL}),
    "relu": ("rnn_relu-no_bias", {"sizes": (2, 2), "hidden": 20}),
    "lstm of one row and step": ("lstm", {"sizes": (1,), "hidden": 5}),
    "lstm of three programs": ("lstm", {"sizes": (3, 2, 1), "hidden": 37, "batch": 4, **ALL}),
    "lstm both ways": ("lstm", {"sizes": (2, 2), "hidden": 7, "directions": 2, "resets": True}),
    "lstm of two groups": ("lstm", {"sizes": (17, 17, 16, 1), "hidden": 9, "resets": True}),
    "lstm in expectation": ("lstm", {"sizes": (2, 1), "hidden": 9, "zoneout": [0.3, 0.2]}),
    "lstm that keeps nothing": ("lstm", {"sizes": (2, 1), "hidden": 9, "recompute": True}),
    "lstm of peepholes, projection, norm": ("lstm_peephole-peepholes-proj-layer_norm", {"sizes": (2, 1), "hidden": 20}),
    "gru": ("gru", {"sizes": (2, 2, 1), "hidden": 20, "resets": True}),
    "gru with all": ("gru-proj-layer_norm", {"sizes": (2, 1), "hidden": 20, **ALL}),
    "gru that resets before": ("gru_reset_before", {"sizes": (2, 1), "hidden": 20, **ALL}),
    "gru that resets before, norm": ("gru_reset_before-no_bias-layer_norm", {"sizes": (2, 2), "hidden": 20}),
    "a group of no step": ("lstm", {"sizes": (2, 1), "hidden": 5, "batch": 18}),
    "no token": ("gru", {"sizes": (), "batch": 2, "tail": 1}),
}
"""Name -> cell, and how the call differs from a plain one."""


@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients_are_the_references(name: str) -> None:
    variant, options = CASES[name]
    compare(made(variant, **options))


def test_weights_that_do_not_fit_are_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "_ON_CHIP", 0)
    compare(made("lstm", sizes=(2, 1), hidden=70, resets=True))


@pytest.mark.usefixtures("bfloat16_products")
@pytest.mark.parametrize(
    ("dtype", "rounding"),
    [(torch.float16, 4e-3), (torch.bfloat16, 3e-2)],  # 2^-11 and 2^-8 an operation, some ten deep
)
@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_narrow_types_stay_near(name: str, dtype: torch.dtype, rounding: float) -> None:
    compare(made(name, dtype, sizes=(3, 2), hidden=20, resets=True), rounding)


SIZES: dict[str, dict[str, Any]] = {
    "one row": {"sizes": (1, 1, 1), "hidden": 3},
    "ragged": {"sizes": (3, 2, 2, 1), "hidden": 37, "batch": 4},
    "groups": {"sizes": (33, 17, 16), "hidden": 16},
    "48 units": {"sizes": (2, 2), "hidden": 48},
}
"""Each remainder of rows and units; all sizes of one program, two, and more."""


def rounding(variant: str) -> float:
    """Of float32; where a norm divides by a small deviation the reference itself is off by 1.5e-5 in that type."""
    return 5e-5 if "layer_norm" in variant else ROUNDING


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"directions": 2, **ALL}], ids=["plain", "all"])
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("variant", BY_NAME)
def test_every_variant(variant: str, sizes: str, options: dict[str, Any]) -> None:
    compare(made(variant, **{**SIZES[sizes], **options}), rounding(variant))


@pytest.mark.slow
@pytest.mark.usefixtures("bfloat16_products")
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("variant", BY_NAME)
def test_every_variant_in_narrow_types(variant: str, dtype: torch.dtype) -> None:
    compare(made(variant, dtype, sizes=(3, 2, 2), hidden=20, **ALL), 1e-2 if dtype == torch.float16 else 8e-2)


@pytest.mark.slow
@pytest.mark.parametrize("variant", BY_NAME)
def test_every_variant_with_weights_read_again(variant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "_ON_CHIP", 0)
    compare(made(variant, sizes=(2, 2, 1), hidden=70, **ALL), rounding(variant))
