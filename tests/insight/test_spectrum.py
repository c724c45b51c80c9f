"""Singular values of products of Jacobians: known on paper, and of the matrix itself where that can be written out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from analytic import held_lstm, linear
from makers import MAKERS
from torch import Tensor

from throughtime.errors import UnknownNameError, UsageError
from throughtime.insight import jacobian_spectrum, subject
from throughtime.kernels import dispatch
from throughtime.layers import GRU, LSTM, RNN, Recurrent


@pytest.mark.parametrize("largest", [0.5, 0.97, 1.1])
def test_a_linear_network_has_the_powers_of_its_eigenvalue(largest: float) -> None:
    """0.5 ** 1500 and 1.1 ** 1500 are no numbers of float32, and their logarithms are."""
    layer = linear([largest, -0.4, 0.3, 0.2, 0.1, 0.1]).float()
    found = jacobian_spectrum(subject(layer, torch.randn(1500, 3)))
    np.testing.assert_allclose(found.per_step("l0"), largest, rtol=1e-4)  # the iteration rests at 0.05 % of a round
    assert found.distances[0] == 1 and found.distances[-1] == 1500 and len(found.distances) == 19
    assert found.converged["l0"].all()


def test_an_lstm_keeps_what_its_forget_gate_lets_it() -> None:
    """c keeps 0.9 of itself a step, and h is made of it in the last: at most 0.9^d sqrt(1 + (o tanh'(c))^2)."""
    found = jacobian_spectrum(subject(held_lstm(0.9, size=6), torch.randn(300, 3)), distances=[1, 10, 100, 300])
    kept = 0.9 ** found.distances.astype(float)
    assert (found.largest("l0") >= 0.999 * kept).all() and (found.largest("l0") <= kept * np.sqrt(1.251)).all()


def dense(layer: Recurrent, x: Tensor, distance: int) -> float:
    """The logarithm of the largest singular value of the whole matrix, by PyTorch."""
    begin = layer.states(1, x, True).leave(layer.states(1, x, True).enter(None, None), None)
    state = layer(x[:-distance])[1] if distance < len(x) else begin
    parts = [state] if isinstance(state, Tensor) else list(state)
    sizes = [part.numel() for part in parts]

    def run(flat: Tensor) -> Tensor:
        given = [part.reshape(1, -1) for part in flat.split(sizes)]
        after = layer(x[len(x) - distance :], given[0] if len(given) == 1 else tuple(given))[1]
        return torch.cat([part.flatten() for part in ([after] if isinstance(after, Tensor) else after)])

    with dispatch.use_kernel("reference"):
        matrix: Any = torch.func.jacrev(run)(torch.cat([part.detach().flatten() for part in parts]))
    return float(torch.linalg.matrix_norm(matrix.detach(), 2).log())


@pytest.mark.parametrize("cell", MAKERS)
def test_every_cell_against_the_matrix_itself(cell: str) -> None:
    layer, x = MAKERS[cell](3, 10, dtype=torch.float64), torch.randn(12, 3, dtype=torch.float64)
    found = jacobian_spectrum(subject(layer, x), distances=[1, 2, 5, 12])
    told = [dense(layer, x, int(distance)) for distance in found.distances]
    np.testing.assert_allclose(found.log_largest["l0"], told, atol=0.01)  # 1 % of the singular values
    assert found.converged["l0"].all()


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    "make", [lambda: RNN(8, 96, init="orthogonal"), lambda: GRU(8, 64), lambda: LSTM(8, 64, init="chrono:100")]
)
def test_singular_values_that_lie_close(make: Any, kind: torch.dtype) -> None:
    layer, x = make().to(kind), 0.3 * torch.randn(40, 8, dtype=kind)
    found = jacobian_spectrum(subject(layer, x), distances=[1, 2, 3, 10, 40])
    told = [dense(layer, x, int(distance)) for distance in found.distances]
    np.testing.assert_allclose(found.log_largest["l0"], told, atol=0.01)


def test_layers_and_directions() -> None:
    layer, x = GRU(3, 5, 2, bidirectional=True, dtype=torch.float64), torch.randn(9, 3, dtype=torch.float64)
    found = jacobian_spectrum(subject(layer, x), distances=[1, 4])
    assert sorted(found.log_largest) == ["l0", "l0_reverse", "l1", "l1_reverse"]
    turned = GRU(3, 5, dtype=torch.float64)
    turned.load_state_dict({k[: -len("_reverse")]: w for k, w in layer.state_dict().items() if "l0_reverse" in k})
    own = [dense(turned, x.flip(0), distance) for distance in (1, 4)]
    np.testing.assert_allclose(found.log_largest["l0_reverse"], own, atol=0.01)
    assert list(jacobian_spectrum(subject(layer, x), layers=["l1"]).log_largest) == ["l1"]


def test_one_step_and_nothing_left() -> None:
    found = jacobian_spectrum(subject(RNN(3, 4), torch.randn(1, 3)))
    assert found.distances.tolist() == [1]
    layer = RNN(3, 4)
    torch.nn.init.zeros_(layer.weight_hh_l0)
    gone = jacobian_spectrum(subject(layer, torch.randn(5, 3)), distances=[1, 5])
    assert (gone.log_largest["l0"] == -np.inf).all() and (gone.largest("l0") == 0).all() and gone.converged["l0"].all()


@pytest.mark.parametrize("given", [{"distances": 0}, {"distances": []}, {"distances": [3, 7]}, {"tolerance": 0.0}])
def test_what_cannot_be(given: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"must be|between"):
        jacobian_spectrum(subject(RNN(3, 4), torch.randn(6, 3)), **given)


def test_a_layer_that_is_not_there() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown layer 'l3'.*known: l0, l1"):
        jacobian_spectrum(subject(RNN(3, 4, 2), torch.randn(6, 3)), layers=["l3"])
