"""The scan on a GPU, in Triton's interpreter, against the plain recurrence; and its programs through the compiler."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any
from unittest.mock import patch

import pytest
import torch
from torch import Tensor

pytest.importorskip("triton", reason="the scan on a GPU needs triton")

from throughtime.kernels.diagonal import scan as in_pytorch
from throughtime.kernels.reference.diagonal import LRUCell, MinGRUCell
from throughtime.kernels.triton import scan as on_gpu
from throughtime.layers import LRU, MinGRU

ROUNDING = {torch.float32: 1e-5, torch.float64: 1e-13, torch.complex64: 1e-5, torch.complex128: 1e-13}
"""A few hundred steps with |a| about 0.6: a rounding of each is forgotten after some ten steps."""


def drawn(steps: int, columns: int, dtype: torch.dtype) -> list[Tensor]:
    torch.manual_seed(steps * 1000 + columns)
    shapes = ((steps, columns), (steps, columns), (columns,))
    return [torch.randn(shape, dtype=dtype).mul(0.6).requires_grad_() for shape in shapes]


def in_turn(a: Tensor, b: Tensor, initial: Tensor) -> Tensor:
    states: list[Tensor] = []
    for t in range(b.shape[0]):
        initial = a[t] * initial + b[t]
        states.append(initial)
    return torch.stack(states)


@pytest.mark.parametrize("dtype", ROUNDING)
@pytest.mark.parametrize(("steps", "columns"), [(1, 1), (32, 128), (70, 130)])
def test_states_and_gradients_are_those_of_the_recurrence(steps: int, columns: int, dtype: torch.dtype) -> None:
    inputs = drawn(steps, columns, dtype)
    given = torch.randn(steps, columns, dtype=dtype)
    ours, told = on_gpu.scan(*inputs), in_turn(*inputs)
    allowed = ROUNDING[dtype]
    torch.testing.assert_close(ours, told, rtol=allowed, atol=allowed)
    grads = (torch.autograd.grad(y, inputs, given) for y in (ours, told))
    for our, their in zip(*grads, strict=True):
        torch.testing.assert_close(our, their, rtol=10 * allowed, atol=10 * allowed)


def test_it_is_differentiable_twice() -> None:
    assert torch.autograd.gradgradcheck(on_gpu.scan, drawn(4, 2, torch.float64))


def test_narrow_types_are_computed_in_float32() -> None:
    a, b, initial = (each.detach().bfloat16() for each in drawn(40, 3, torch.float32))
    told = in_turn(a.float(), b.float(), initial.float())
    torch.testing.assert_close(on_gpu.scan(a, b, initial), told.bfloat16(), rtol=0, atol=0)


@pytest.mark.parametrize("layer", [MinGRU, LRU])
def test_a_layer_runs_on_it_ragged_and_reset(layer: Any) -> None:
    torch.manual_seed(0)
    made = layer(3, 5, bidirectional=True, dtype=torch.float64)
    x, resets = torch.randn(35, 3, 3, dtype=torch.float64, requires_grad=True), torch.rand(3, 35) < 0.1

    def ran() -> list[Tensor]:
        y, state = made(x, lengths=[35, 7, 33], resets=resets)
        parts = state if isinstance(state, tuple) else (state,)
        grads = torch.autograd.grad(y.square().sum() + sum(part.sum() for part in parts), [x, *made.parameters()])
        return [y, *parts, *grads]

    told = ran()
    with patch.dict("throughtime.kernels.diagonal.run.WAYS", {"native": in_pytorch.sweep_by_triton}):
        assert made.cell.name in (MinGRUCell().name, LRUCell().name)
        for ours, theirs in zip(ran(), told, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-10)


COMPILED = """
import json, triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from throughtime.kernels.triton import scan_programs

found = {}
for name, pointers, numbers in (("weigh", 4, 3), ("follow", 4, 2), ("sweep", 4, 3)):
    function = getattr(scan_programs, name)
    for complex_ in (False, True):
        for type_ in ("fp32", "fp64"):
            names = function.arg_names
            last = pointers + numbers
            signature = {n: f"*{type_}" for n in names[:pointers]} | {n: "i32" for n in names[pointers:last]}
            signature |= {n: "constexpr" for n in names[last:]}
            constants = {"COLUMNS": 128, "COMPLEX": complex_}
            source = ASTSource(function, signature, constexprs=constants)
            for capability in (80, 90):
                made = triton.compile(source, target=GPUTarget("cuda", capability, 32), options={"num_warps": 4})
                found[f"{name} {type_} {complex_} {capability}"] = [made.metadata.shared, len(made.asm["cubin"]) > 0]
print(json.dumps(found))
"""


@pytest.mark.slow
def test_every_program_compiles_for_gpus_of_two_generations() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    ran = subprocess.run([sys.executable, "-c", COMPILED], env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
    found = json.loads(ran.stdout)
    assert len(found) == 3 * 2 * 2 * 2
    assert all(shared == 0 and made for shared, made in found.values()), found  # all of it stays in registers
