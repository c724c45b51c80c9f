"""A linear layer on a weight that was laid out once equals PyTorch's."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from throughtime.models.parts.packed_linear import PackedLinear


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("sizes", [(1, 1), (3, 5), (37, 130), (256, 1000)])
@pytest.mark.parametrize("rows", [(1,), (7,), (3, 4), (0,), (300,)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_it_equals_the_layer(rows: tuple[int, ...], sizes: tuple[int, int], bias: bool, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    layer, x = nn.Linear(*sizes, bias=bias).to(dtype), torch.randn(*rows, sizes[0], dtype=dtype)
    y = PackedLinear(layer)(x)
    torch.testing.assert_close(
        y, layer(x).detach(), rtol=1e-5, atol=1e-5
    )  # sums of up to 256 products in another order
    assert y.shape == (*rows, sizes[1]) and y.dtype == dtype


def test_where_nothing_can_be_packed_it_is_pytorchs_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("throughtime.models.parts.packed_linear._can_pack", lambda weight: False)
    layer, x = nn.Linear(6, 9), torch.randn(4, 6)
    assert torch.equal(PackedLinear(layer)(x), layer(x))


def test_rows_that_are_not_contiguous() -> None:
    layer, x = nn.Linear(6, 9), torch.randn(6, 5).t()
    torch.testing.assert_close(PackedLinear(layer)(x), layer(x).detach(), rtol=1e-5, atol=1e-5)
