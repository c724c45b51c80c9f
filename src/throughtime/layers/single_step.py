"""Single steps: cells as modules, for decoders that feed their own output back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, cast

import torch
from torch import Tensor

from throughtime.errors import ArgumentTypeError, ShapeError, UnknownNameError
from throughtime.kernels import dispatch, sight, torch_fused
from throughtime.kernels.call import Call
from throughtime.kernels.reference.cell import Cell, register_cell
from throughtime.kernels.reference.elman import ElmanCell
from throughtime.kernels.reference.gru import GRUCell as GRUBody
from throughtime.kernels.reference.lstm import LSTMCell as LSTMBody
from throughtime.layers.construction.arguments import alike, flag, size, text, zoneouts
from throughtime.layers.construction.parameters import ParameterSet
from throughtime.layers.construction.quantization import Unquantized
from throughtime.layers.construction.symbols import is_symbol, not_scriptable, one_node

__all__ = ["GRUCell", "LSTMCell", "RNNCell", "SingleStep"]


class SingleStep(Unquantized):
    """One step of a cell: ``torch.nn.LSTMCell``'s interface for any cell.

    Args:
        cell: the cell.
        input_size: I.
        hidden_size: H.
        bias: whether the cell has biases.
        device: where the parameters live.
        dtype: their floating type.
        layer_norm: the layer-normalised form.
        zoneout: probability that a unit of h keeps its value; with a pair, (h, others). Each call draws its own mask in
            training; in eval the expectation is used.
        init: as for :class:`throughtime.Recurrent`.

    Raises:
        ArgumentTypeError: an argument of another type.
        UsageError: an argument out of range, or one that the cell cannot honour.
    """

    def __init__(
        self,
        cell: Cell,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        layer_norm: bool = False,
        zoneout: float | tuple[float, float] = 0.0,
        init: str = "default",
    ) -> None:
        super().__init__()
        self.cell = register_cell(cell)
        self.input_size, self.hidden_size = size("input_size", input_size, 0), size("hidden_size", hidden_size, 0)
        self.bias, self.init = flag("bias", bias, or_number=True), text("init", init)
        self.zoneout = list(zoneouts(zoneout, cell.carry(False)))[: len(cell.carry(False))]
        sizes = (self.input_size, self.hidden_size, 0)
        self._set = ParameterSet(cell, sizes, self.bias, flag("layer_norm", layer_norm), "")
        self._set.create(self, {"device": device, "dtype": dtype})
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all weights anew as ``init`` says."""
        self._set.reset(self, self.init)

    def __prepare_scriptable__(self) -> Unquantized:
        not_scriptable(self)

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else ", bias=False")

    def forward(self, input: Tensor, hx: Any = None) -> Any:
        """One step.

        Args:
            input: (B, I), or (I,) unbatched.
            hx: h (B, H), or (h, c); None: zeros.

        Returns:
            the next state, in the form of ``hx``.

        Raises:
            ArgumentTypeError: the input is no tensor.
            ShapeError: a tensor of another shape, dtype or device.
        """
        if type(input) is not Tensor and is_symbol(input):
            return one_node(self, input, hx)
        self._check(input)
        unbatched = input.dim() == 1
        x = input.unsqueeze(0) if unbatched else input
        after = self._step(x, self._carry(hx, x, unbatched))
        parts = [part.squeeze(0) if unbatched else part for part in after]
        return parts[0] if len(parts) == 1 else tuple(parts)

    def _check(self, x: Tensor) -> None:
        if not isinstance(x, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ArgumentTypeError(f"input must be a tensor, got a {type(x).__name__}: torch.as_tensor() makes one")
        if x.dim() not in (1, 2) or x.shape[-1] != self.input_size:
            raise ShapeError(f"input must be (batch, {self.input_size}) or ({self.input_size},), got {tuple(x.shape)}")
        weight = self._set.first(self)
        if x.dtype != weight.dtype or x.device != weight.device:
            alike("input", x, "cell", weight)

    def _carry(self, hx: Any, x: Tensor, unbatched: bool) -> tuple[Tensor, ...]:
        names = self.cell.carry(False)
        shape = (x.shape[0], self.hidden_size)
        if hx is None:
            return tuple(x.new_zeros(shape) for _ in names)
        given = [hx] if len(names) == 1 or not isinstance(hx, tuple | list) else list(cast("Sequence[Any]", hx))
        wanted = shape[1:] if unbatched else shape
        if len(given) != len(names) or any(not isinstance(part, Tensor) or part.shape != wanted for part in given):
            got = [tuple(part.shape) if isinstance(part, Tensor) else type(part).__name__ for part in given]
            raise ShapeError(f"the state must be {len(names)} of shape {wanted}, got {got}")
        for part in given:
            if part.dtype != x.dtype or part.device != x.device:
                alike("state", part, "input", x)
        return tuple(part.unsqueeze(0) if unbatched else part for part in given)

    def _step(self, x: Tensor, carry: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        request = self._request(x)
        if dispatch.choose(request) == "torch":
            return torch_fused.step(self.cell.name, self._set.named(self), x, carry)
        _, final = dispatch.run(self._call(x, carry), request)
        return tuple(part[0] for part in final)

    def _request(self, like: Tensor) -> dispatch.Request:
        return dispatch.Request(
            cell=self.cell.name,
            names=self._set.known,
            dtype=dispatch.working_dtype(like),
            device=like.device.type,
            size=None,
            keep=torch.is_grad_enabled(),
            recompute=False,
            single=True,
            restart=False,
            directions=1,
            dense=True,
            resets=False,
            zoneout=any(self.zoneout),
            hidden_dropout=False,
            trace=False,
            way=sight.Way.REFERENCE if sight.transformed() else sight.Way.DIRECT,
        )

    def _call(self, x: Tensor, carry: tuple[Tensor, ...]) -> Call:
        noisy = self.training and any(self.zoneout)
        return Call(
            rows=x,
            batch_sizes=torch.full((1,), x.shape[0], dtype=torch.int64, device="cpu"),
            resets=None,
            row_ids=None,
            seed=torch.randint(2**63 - 1, (), dtype=torch.int64, device="cpu") if noisy else None,
            state=[part.unsqueeze(0) for part in carry],
            restart=[],
            weights=self._set.tensors(self),
            names=self._set.names,
            cell=self.cell.name,
            directions=1,
            layer=0,
            zoneout=list(self.zoneout),
            recurrent_dropout=0.0,
            training=self.training,
            keep=torch.is_grad_enabled(),
            recompute=False,
        )


class RNNCell(SingleStep):
    """One step of the Elman network; takes the place of ``torch.nn.RNNCell``.

    .. code-block:: text

        h' = tanh(W_ih x + b_ih + W_hh h + b_hh)          (or relu)

    Shapes: x (B, I), h (B, H) -> (B, H); or without B.

    Source: Elman 1990, "Finding structure in time"; :class:`throughtime.kernels.reference.elman.ElmanCell`.

    Example:
        >>> import torch, throughtime as tt
        >>> tt.RNNCell(3, 4)(torch.randn(2, 3)).shape
        torch.Size([2, 4])
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: Literal["tanh", "relu"] = "tanh",
        *args: Any,
        **kwargs: Any,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise UnknownNameError("nonlinearity", nonlinearity, ["tanh", "relu"])
        self.nonlinearity = nonlinearity
        super().__init__(ElmanCell(nonlinearity), input_size, hidden_size, bias, *args, **kwargs)


class LSTMCell(SingleStep):
    """One step of the LSTM; takes the place of ``torch.nn.LSTMCell``.

    The equations are those of :class:`throughtime.LSTM`; ``peepholes=True`` lets the gates see c.

    Shapes: x (B, I), state (h, c) of (B, H) each -> (h', c'); or without B.

    Source: Hochreiter and Schmidhuber 1997, "Long short-term memory";
    :class:`throughtime.kernels.reference.lstm.LSTMCell`.

    Example:
        >>> import torch, throughtime as tt
        >>> h, c = tt.LSTMCell(3, 4, layer_norm=True)(torch.randn(2, 3))
        >>> h.shape, c.shape
        (torch.Size([2, 4]), torch.Size([2, 4]))
    """

    def __init__(self, input_size: int, hidden_size: int, *args: Any, peepholes: bool = False, **kwargs: Any) -> None:
        super().__init__(LSTMBody(flag("peepholes", peepholes)), input_size, hidden_size, *args, **kwargs)


class GRUCell(SingleStep):
    """One step of the GRU; takes the place of ``torch.nn.GRUCell``.

    The equations are those of :class:`throughtime.GRU`; ``reset_after=False`` gives the other reset form.

    Shapes: x (B, I), h (B, H) -> (B, H); or without B.

    Source: Cho et al. 2014, "Learning phrase representations using RNN encoder-decoder for statistical machine
    translation"; :class:`throughtime.kernels.reference.gru.GRUCell`.

    Example:
        >>> import torch, throughtime as tt
        >>> tt.GRUCell(3, 4)(torch.randn(2, 3), torch.zeros(2, 4)).shape
        torch.Size([2, 4])
    """

    def __init__(self, input_size: int, hidden_size: int, *args: Any, reset_after: bool = True, **kwargs: Any) -> None:
        super().__init__(GRUBody(flag("reset_after", reset_after)), input_size, hidden_size, *args, **kwargs)
