"""Variants are compared with float64 here as on a GPU: what is right passes, what is wrong by a little does not."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from throughtime.bench.gpu.parity import LIMITS, anywhere, check, tf32
from throughtime.bench.gpu.variants import TINY, Variant, variants
from throughtime.kernels import sweep, torch_fused
from throughtime.kernels.dispatch import use_kernel

CPU = torch.device("cpu")
PLAIN = Variant("lstm", "plain", "float32", "16x64", "eager", "one", "full", "none")


@pytest.mark.parametrize("variant", [each for each in variants() if each.dtype == "float32"], ids=str)
def test_what_the_cpu_gives_in_float32_is_right(variant: Variant) -> None:
    found = check(variant, CPU)
    assert found["right"], found
    assert 0 < found["error"] <= LIMITS["float32"]


@pytest.mark.slow
@pytest.mark.parametrize("variant", [each for each in variants() if each.dtype != "float32"], ids=str)
def test_narrow_types_fail_by_their_error_alone(variant: Variant) -> None:
    """On a CPU float16 and bfloat16 keep their states in those types, which costs more than their limits allow."""
    found = check(variant, CPU)
    assert "failed" not in found, found
    assert found["error"] < 20 * LIMITS[variant.dtype], found


def scaled(run: Callable[..., Any]) -> Callable[..., Any]:
    """A kernel whose output is wrong in the fifth digit."""

    def wrong(*args: Any, **kwargs: Any) -> Any:
        y, *state = run(*args, **kwargs)
        return y * (1 + 1e-4), *state

    return wrong


@pytest.mark.parametrize("rows", ["full", "ragged"])
def test_what_is_wrong_by_a_little_is_found(rows: str, monkeypatch: pytest.MonkeyPatch) -> None:
    variant = replace(PLAIN, rows=rows, cell="gru", size="1x24")
    monkeypatch.setitem(torch_fused.FUNCTIONS, "gru", scaled(torch_fused.FUNCTIONS["gru"]))
    with use_kernel("torch"):
        found = check(variant, CPU)
    assert not found["right"] and found["error"] == pytest.approx(1e-4, rel=0.2)
    assert found["kernel"] == "torch"


@pytest.mark.parametrize(
    ("dtype", "chosen", "checked"),
    [
        ("float32", "native", "native, triton"),
        ("float16", "reference", "triton"),
        ("bfloat16", "native", "native"),  # the interpreter does not multiply it
    ],
)
def test_the_sweep_for_gpus_is_checked_beside_what_is_chosen(dtype: str, chosen: str, checked: str) -> None:
    pytest.importorskip("triton")
    variant = replace(PLAIN, cell="gru", size=TINY, dtype=dtype, rows="ragged", resets="some", option="zoneout")
    alone = check(variant, CPU)
    with anywhere():
        both = check(variant, CPU)
    assert (alone["kernel"], both["kernel"]) == (chosen, checked)
    assert alone["right"] and both["right"]
    assert check(variant, CPU)["kernel"] == chosen, "it can be asked for afterwards"


def test_a_sweep_for_gpus_that_is_wrong_is_found_beside_one_that_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("triton")
    kernel: Any = sweep._KERNELS["triton"]  # pyright: ignore[reportPrivateUsage]
    wrong = kernel._replace(forward=scaled(kernel.forward))
    monkeypatch.setitem(sweep._KERNELS, "triton", wrong)  # pyright: ignore[reportPrivateUsage]
    with anywhere():
        found = check(replace(PLAIN, cell="gru", size=TINY), CPU)
    assert found["kernel"] == "native, triton" and not found["right"]


def test_what_is_warned_of_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """cuDNN warns where it must copy weights; right is right all the same."""
    plain = torch_fused.FUNCTIONS["gru"]

    def warning(*args: Any) -> Any:
        warnings.warn("weights are not part of single contiguous chunk. More", UserWarning, stacklevel=1)
        return plain(*args)

    monkeypatch.setitem(torch_fused.FUNCTIONS, "gru", warning)
    with use_kernel("torch"):
        found = check(replace(PLAIN, cell="gru"), CPU)
    assert found["right"] and found["warned"] == ["weights are not part of single contiguous chunk. More"]
    assert check(PLAIN, CPU)["warned"] == []


def test_what_raises_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*args: Any) -> None:
        raise RuntimeError("too many blocks\nin a cooperative launch")

    monkeypatch.setitem(torch_fused.FUNCTIONS, "gru", failing)
    with use_kernel("torch"):
        found = check(replace(PLAIN, cell="gru"), CPU)
    assert found["failed"] == "RuntimeError: too many blocks" and not found["right"]


def test_tf32_is_as_it_was_afterwards() -> None:
    before = torch.backends.cudnn.allow_tf32
    for on in (True, False):
        with tf32(on):
            assert torch.backends.cudnn.allow_tf32 is on and torch.backends.cuda.matmul.allow_tf32 is on
        assert torch.backends.cudnn.allow_tf32 is before


def test_torch_is_beside_it_where_it_has_the_layer() -> None:
    assert check(PLAIN, CPU)["beside"] == pytest.approx(0, abs=LIMITS["float32"])
    assert check(replace(PLAIN, option="zoneout"), CPU)["beside"] is None
    assert check(replace(PLAIN, cell="lstm_projected", rows="ragged", directions="both"), CPU)["beside"] > 0
