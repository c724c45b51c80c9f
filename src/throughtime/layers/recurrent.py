"""The layer over time: any cell, stacked, bidirectional, ragged, reset, regularised, traced, streamed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar, cast

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from throughtime.errors import UsageError
from throughtime.kernels import dispatch, sight, torch_fused
from throughtime.kernels.call import Call
from throughtime.layers.construction.arguments import flag
from throughtime.layers.construction.symbols import is_symbol, one_node
from throughtime.layers.layer_pass import LayerPass, Traces
from throughtime.layers.rows import Input, Lengths, Rows, packed_rows
from throughtime.layers.skipped import last_outputs
from throughtime.layers.states import States
from throughtime.layers.stream import Stream
from throughtime.layers.values import check_rows, check_steps

__all__ = ["Recurrent"]


class Recurrent(LayerPass):
    """Run a cell over time: ``torch.nn.LSTM``'s interface for any :class:`throughtime.Cell`.

    .. code-block:: text

        carry[t] = cell(x[t], carry[t-1])        y[t] = h[t]

    Args:
        cell: the cell.
        input_size: I, features of one step.
        hidden_size: H, or a list with one H per layer.
        num_layers: L; layer l reads the output of layer l-1.
        bias: whether the cells have biases.
        batch_first: padded batches are (B, T, I) instead of (T, B, I).
        dropout: probability of dropping each output unit of every layer but the last, drawn by torch's generator.
        bidirectional: a second set of cells reads each sequence from its own end; outputs are side by side.
        proj_size: width P of the output where the cell can project; 0: none.
        device: where the parameters live.
        dtype: their floating type.
        layer_norm: the cell's layer-normalised form (Ba, Kiros and Hinton 2016).
        zoneout: probability that a unit keeps its old value (Krueger et al. 2017): one number for the whole carry, or
            (h, others). In eval the expectation is used.
        recurrent_dropout: probability of hiding a unit of h[t-1] from the recurrent product, one mask per sequence and
            layer (Gal and Ghahramani 2016).
        weight_dropout: probability of dropping an entry of W_hh, one mask per call (Merity, Keskar and Socher 2018).
        input_dropout: variational dropout of the input: one mask per sequence (Gal and Ghahramani 2016).
        variational_dropout: the same between layers.
        init: "default" (PyTorch's), "orthogonal", "forget_bias[:VALUE]" or "chrono:STEPS".
        initial_state: "zeros", or "learned": a parameter per layer, direction and part of the carry, used where no
            state is given and after every reset.
        residual: every layer after the first adds its input to its output (their widths must agree).
        pre_norm: each layer reads a layer norm of its input, and the output of the last is normalised once more (Xiong
            et al. 2020). Then dropouts act on what a layer reads and adds, not on what ``residual`` carries past it.
        feed_forward: F: after each layer y + W_down GELU(W_up LN(y)), with F units between; 0: none (Orvieto et al.
            2023). The equations are in :class:`throughtime.layers.construction.block.Block`.
        recompute: keep the state of about sqrt(T) steps instead of every gate, and compute the rest again in the
            backward pass: same numbers, less memory, a third more time. Not inside torch.compile.

    Raises:
        UsageError: an argument out of range, or one that the cell cannot honour.

    Example:
        >>> import torch, throughtime as tt
        >>> layer = tt.LSTM(3, 4, num_layers=2, bidirectional=True, batch_first=True)
        >>> y, (h_n, c_n) = layer(torch.randn(2, 5, 3), lengths=[5, 2])
        >>> y.shape, h_n.shape, c_n.shape
        (torch.Size([2, 5, 8]), torch.Size([4, 2, 4]), torch.Size([4, 2, 4]))
    """

    _streamed: ClassVar[type[Stream]] = Stream
    """What :meth:`stream` makes."""

    def forward(
        self,
        input: Input,
        hx: Any = None,
        *,
        lengths: Lengths | None = None,
        resets: Tensor | None = None,
        mask: Tensor | None = None,
        zero_output_for_mask: bool = True,
        trace: bool = False,
    ) -> Any:
        """Run the stack.

        Args:
            input: (T, B, I), or (B, T, I) when ``batch_first``; (T, I) unbatched; a PackedSequence; or a nested tensor
                (``layout=torch.jagged``). Floating, of the parameters' dtype unless autocast is on.
            hx: the state before the first step: h, or a tuple (h, c) where the carry has two parts; each part
                (L*D, B, width), (L*D, width) unbatched, or a list of L parts (D, B, width) where layers differ in
                width. None: zeros, or the learned state.
            lengths: (B,) real steps of each row: list or tensor, any order, any device, zero allowed. Outputs past the
                end are zero, and the state is that of each row's own last step.
            resets: (B, T) bool: the state is cleared before that step, in every layer and direction.
            mask: (B, T) bool, whatever ``batch_first`` says, or (T,) unbatched: True where a step is read, as in Keras.
                The others are passed over, holes between steps too: the state is carried across them, and a reset
                there acts before the next step that is read. A row of none gives the initial state.
            zero_output_for_mask: what y has at masked steps. True: zero. False (Keras's default): the output of the
                step that was read last, for each direction in its own order; zero where there is none.
            trace: also return every gate and state; at masked steps they are zero.

        Returns:
            ``(y, state)``, or ``(y, state, traced)``: y in the form of the input with D*P features, the state after the
            last step in the form of ``hx``, and a mapping from names like "f_l0" to tensors in the form of y.

        Raises:
            ArgumentTypeError: an argument of another type.
            ShapeError: a tensor that does not fit.
            UsageError: an option that the cell does not declare.
            KernelError: a kernel was forced and cannot run this call.
        """
        if type(input) is not Tensor and is_symbol(input):
            held = {} if zero_output_for_mask is True else {"zero_output_for_mask": zero_output_for_mask}
            return one_node(self, input, hx, held, lengths=lengths, resets=resets, mask=mask, trace=trace)
        self.check(input)
        if trace is not False:
            flag("trace", trace)
        if zero_output_for_mask is not True and not flag("zero_output_for_mask", zero_output_for_mask) and mask is None:
            raise UsageError("zero_output_for_mask=False says what y has at masked steps: give mask= too")
        if lengths is None and resets is None and mask is None and not trace and self._whole_stack(input):
            return self._run_stack(input, hx)
        ragged = lengths is not None or mask is not None or isinstance(input, PackedSequence) or input.is_nested
        self._require("lengths", ragged)
        self._require("resets", resets is not None)
        self._require("trace", trace)
        if trace and sight.unreadable():
            raise UsageError("trace=True cannot be compiled or traced: call the layer outside torch.compile")
        if self.recompute and sight.unreadable():
            raise UsageError("recompute=True cannot be compiled or traced: its room depends on the number of steps")
        rows = packed_rows(input, lengths, resets, self.batch_first, mask)
        if self.cell.finite_only:
            check_steps(input, self.batch_first)
            check_rows(rows)
        unbatched = isinstance(input, Tensor) and not input.is_nested and input.dim() == 2
        states = self.states(rows.batch, rows.rows, unbatched)
        request = self.request(rows.rows, rows.batch, dense=rows.dense, resets=rows.resets is not None, trace=trace)
        traces: Traces | None = [] if trace else None
        packed, finals = self._run_layers(rows, states.enter(hx, rows.order), request, traces)
        y = rows.restore(packed)
        if not zero_output_for_mask and rows.kept is not None:
            y = last_outputs(cast(Tensor, y), rows.kept, rows.lengths, self.directions, self.batch_first)
        result = (y, states.leave(finals, rows.order))
        return result if traces is None else (*result, self._traced(traces, rows))

    def entered(self, input: Input) -> Input:
        """A batch whose steps are vectors, of one whose steps may have more axes: here they have one already."""
        return input

    def request(self, like: Tensor, batch: int, *, dense: bool, resets: bool, trace: bool = False) -> dispatch.Request:
        """What a call of this layer asks of a kernel.

        Args:
            like: the data, (..., I) with N tokens in all.
            batch: B; 0 where it is not known.
            dense: every row has every step.
            resets: states are cleared inside sequences.
            trace: every gate and state is asked for.
        """
        known = not sight.unreadable() and dense and batch > 0
        steps = like.numel() // (self.input_size * batch) if known else 0
        return dispatch.Request(
            cell=self.cell.name,
            names=self._sets[0][0].known,
            dtype=dispatch.working_dtype(like),
            device=like.device.type,
            directions=self.directions,
            dense=dense,
            resets=resets,
            size=(steps, batch, self.hidden_sizes[0]) if known else None,
            hidden=self.hidden_sizes[0],
            keep=torch.is_grad_enabled(),
            recompute=self.recompute,
            single=False,
            restart=resets and self.initial_state == "learned",
            zoneout=any(self.zoneout),
            hidden_dropout=self.training and self.recurrent_dropout > 0,
            trace=trace,
            way=sight.Way.REFERENCE if sight.transformed() else sight.Way.DIRECT,
        )

    def stream(self, batch_size: int = 1, *, weight_dtype: torch.dtype | None = None) -> Stream:
        """Step through endless input, tensors or NumPy arrays: see :class:`throughtime.layers.stream.Stream`.

        Args:
            batch_size: B, independent streams side by side.
            weight_dtype: ``torch.bfloat16`` keeps the weights of a float32 layer in half the memory; None: as they are.

        Raises:
            UsageError: the layer cannot stream, or not with such weights.
            KernelError: a kernel is forced and cannot stream this layer.
        """
        self._require("stream", True)
        if self.bidirectional:
            raise UsageError("a bidirectional layer reads from the end, so it cannot stream: use bidirectional=False")
        return self._streamed(self, batch_size, weight_dtype=weight_dtype)

    @property
    def bare(self) -> bool:
        """Whether one step is exactly torch's own cell: no projection, norm, peephole or zoneout."""
        return self._known() and not self.proj_size and not any(self.zoneout)

    def step_calls(self, batch_size: int) -> list[Call]:
        """One call per layer for a single step from the initial state, in inference (for :class:`Stream`)."""
        like = self._sets[0][0].first(self).detach()
        one = Rows(
            rows=like.new_zeros(batch_size, self.input_size),
            batch_sizes=torch.tensor([batch_size], device="cpu"),
            batch=batch_size,
            order=None,
            grid=None,
            restore=lambda y: y,
        )
        noise = self._no_noise()
        states = self.states(batch_size, like).enter(None, None)
        return [
            replace(self._call(layer, one.rows, one, [part.detach() for part in state], [], noise), training=False)
            for layer, state in enumerate(states)
        ]

    def states(self, batch: int, like: Tensor, unbatched: bool = False) -> States:
        """How the states of a batch like ``like`` (dtype, device) look outside and inside."""
        return States(
            widths=self._widths,
            directions=self.directions,
            batch=batch,
            unbatched=unbatched,
            initial=self._restarts(),
            like=like,
        )

    # -- a whole plain stack in one call of torch's --------------------------------------------------------------------

    def _whole_stack(self, input: Input) -> bool:
        traced = sight.tracing()
        if (sight.unreadable() and not traced) or not self._plain():
            return False
        if input.is_cuda and not self._in_one_call():
            return False  # its weights are laid out layer by layer, for training: cuDNN would copy them
        if isinstance(input, PackedSequence):
            request = self.request(input.data, 0, dense=True, resets=False)
        elif input.is_nested or input.numel() == 0 or input.dim() not in (2, 3):
            return False
        else:
            request = self.request(input, self._batch(input), dense=True, resets=False)
        return dispatch.choose(request) == "torch" and (type(input) is Tensor or not self._open(input))

    def _open(self, input: Input) -> bool:
        """Whether the input is of a kind that only ordinary operators take."""
        data = input.data if isinstance(input, PackedSequence) else input
        return sight.way((data,)) is sight.Way.REFERENCE

    def _batch(self, x: Tensor) -> int:
        return 1 if x.dim() == 2 else x.shape[0 if self.batch_first else 1]

    def _run_stack(self, input: Input, hx: Any) -> tuple[Input, Any]:
        packed = isinstance(input, PackedSequence)
        unbatched = not packed and input.dim() == 2
        x = input if packed else _batched(input, self.batch_first)
        data, order = (x.data, x.sorted_indices) if isinstance(x, PackedSequence) else (x, None)
        batch = _first(x) if isinstance(x, PackedSequence) else self._batch(x)
        states = self.states(batch, data, unbatched)
        y, final = torch_fused.run_stack(
            self.cell.name,
            x,
            states.enter_stacked(hx, order),
            [weight for weights in self.all_weights for weight in weights],
            bias=self.bias,
            layers=self.num_layers,
            dropout=self.dropout,
            training=self.training,
            bidirectional=self.bidirectional,
            batch_first=self.batch_first,
        )
        after = states.leave_stacked(final, order)
        if isinstance(x, PackedSequence):
            return PackedSequence(y, x.batch_sizes, x.sorted_indices, x.unsorted_indices), after
        return (y.squeeze(0 if self.batch_first else 1) if unbatched else y), after


def _first(x: PackedSequence) -> int:
    """B of a packed batch; traced, it stays a tensor, and so depends on the batch."""
    return cast(int, x.batch_sizes[0]) if sight.tracing() else int(x.batch_sizes[0])


def _batched(x: Tensor, batch_first: bool) -> Tensor:
    return x if x.dim() == 3 else x.unsqueeze(0 if batch_first else 1)
