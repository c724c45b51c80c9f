"""Attention of each step of a sequence to its own history."""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from throughtime.errors import ArgumentTypeError, ShapeError, UsageError
from throughtime.kernels.sight import unreadable
from throughtime.layers.attention.blocks import Look, attend
from throughtime.layers.attention.history_stream import HistoryStream
from throughtime.layers.attention.kinds import Kind
from throughtime.layers.attention.reach import Reach
from throughtime.layers.construction.arguments import alike, flag, size
from throughtime.layers.rows import Input, Lengths, Rows, packed_rows

__all__ = ["HistoryAttention"]


class HistoryAttention(Kind):
    """Attend from each step of a sequence, such as the output of a recurrent stack, to the steps of its own history.

    .. code-block:: text

        weights[t, s] = softmax_s score(y[t], y[s])               over the steps s that t may attend to
        context[t]    = sum_s weights[t, s] v[s]

        causal                       s from 0 to t
        causal, window=W             s from t - W + 1 to t: the last W steps
        causal=False                 every s
        causal=False, window=W       s from t - W + 1 to t + W - 1, for what has read a sequence from both ends
        and after a reset before step r: no s before r for a t from r on (nor, not causal, the other way round)

        additive    score(q, k) = u . tanh(W_q q + W_k k)                        v = y
        dot         score(q, k) = q . k / sqrt(I)                                v = y
        general     score(q, k) = q . W_k k                                      v = y
        multihead   score(q, k) = W_q q . W_k k / sqrt(H / heads), each head     v = W_v y, context = W_o [of each head]

    It is called as the stack is, with the same lengths, resets and mask, on what the stack returned. Time and memory
    grow with T W where there is a window; without one time grows with T^2, memory with T still. With a window and
    causal it streams (:meth:`stream`). Its weights have the names of :class:`throughtime.Attention`, whose state it
    loads; that one, with a mask for each query, shows the weights[t, s].

    The products run in PyTorch's fused kernels, which have no second derivative; under
    ``torch.nn.attention.sdpa_kernel(SDPBackend.MATH)`` there is one. A step that is not finite spoils others of its row
    that do not see it, as it is multiplied by their weight of zero; padding and other rows do not.

    Args:
        input_size: I, features of a step.
        kind: "additive", "dot", "general" or "multihead".
        window: W, how many steps a step sees on each side, itself among them; None: all.
        causal: a step sees none that comes after it.
        hidden_size: H, width in which queries and keys meet, and width of the context of "multihead"; None: I. "dot"
            and "general" have none.
        heads: number of heads of "multihead", a divisor of H.
        dropout: probability of dropping a weight in training.
        batch_first: padded batches are (B, T, I) instead of (T, B, I).
        device: where the parameters live.
        dtype: their floating type.

    Shapes: input (T, B, I), or (B, T, I) where ``batch_first``; output the same with I features, for "multihead" H.

    Raises:
        UnknownNameError: a kind that is none of these.
        UsageError: a size, window, number of heads or probability out of range, or one that the kind does not have.

    Source: a window around the step: Luong, Pham and Manning 2015, "Effective approaches to attention-based neural
    machine translation", section 3.2, local-m, whose D is W - 1 here; in blocks: Beltagy, Peters and Cohan 2020,
    "Longformer: the long-document transformer", section 3.1; the kinds: as in :class:`throughtime.Attention`.

    Example:
        >>> import torch, throughtime as tt
        >>> layer, attention = tt.GRU(3, 8), tt.HistoryAttention(8, kind="multihead", heads=2, window=4)
        >>> x = torch.randn(10, 2, 3)
        >>> y, _ = layer(x, lengths=[10, 6])
        >>> context = attention(y, lengths=[10, 6])
        >>> context.shape
        torch.Size([10, 2, 8])
        >>> steps, looks = layer.stream(2), attention.stream(2)  # as input comes, in constant memory
        >>> contexts = [looks.step(steps.step(x_t)) for x_t in x]
        >>> torch.allclose(contexts[5], context[5], atol=1e-6)
        True
    """

    like: Tensor
    """Nothing, of the layer's dtype and on its device."""

    def __init__(
        self,
        input_size: int,
        *,
        kind: str = "additive",
        window: int | None = None,
        causal: bool = True,
        hidden_size: int | None = None,
        heads: int = 1,
        dropout: float = 0.0,
        batch_first: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        width = size("input_size", input_size, 1)
        super().__init__(
            width,
            width,
            kind=kind,
            hidden_size=None if hidden_size is None else size("hidden_size", hidden_size, 1),
            value_size=None,
            heads=size("heads", heads, 1),
            dropout=dropout,
            device=device,
            dtype=dtype,
        )
        self.window = None if window is None else size("window", window, 1)
        self.causal, self.batch_first = flag("causal", causal), flag("batch_first", batch_first)
        # "dot" has no parameter that would tell where it is, and of which type.
        self.register_buffer("like", torch.empty(0, device=device, dtype=dtype), persistent=False)

    @property
    def input_size(self) -> int:
        """I."""
        return self.query_size

    def forward(
        self,
        input: Input,
        *,
        lengths: Lengths | None = None,
        resets: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> Input:
        """Attend.

        Args:
            input: (T, B, I), or (B, T, I) when ``batch_first``; (T, I) unbatched; a PackedSequence; or a nested tensor
                (``layout=torch.jagged``): what a stack returned.
            lengths: (B,) real steps of each row; None: all T. Zero is allowed.
            resets: (B, T) bool, whatever ``batch_first`` says, or (T,) unbatched: true where a step starts anew.
            mask: (B, T) bool, or (T,) unbatched: true where a step is read; None: all are. The others are passed over,
                and a window counts those that are read.

        Returns:
            The contexts in the form of the input. Past a row's end and where the mask passes over they are zero.

        Raises:
            ArgumentTypeError: an input of another type.
            ShapeError: a tensor that does not fit.
            UsageError: lengths or a mask beside a form that carries its own.
        """
        if not isinstance(cast(object, input), Tensor | PackedSequence):
            raise ArgumentTypeError(f"input must be a tensor or a PackedSequence, got {type(input).__name__}")
        rows = packed_rows(input, lengths, resets, self.batch_first, mask)
        self._check_input(rows.rows)
        if not rows.rows.shape[0]:
            return rows.restore(self.output(self.value(rows.rows)))  # there is no step
        return rows.restore(self._contexts(rows))

    def stream(self, batch_size: int = 1) -> HistoryStream:
        """Read endless input step by step: see :class:`throughtime.layers.attention.HistoryStream`.

        Args:
            batch_size: B, independent streams side by side.

        Raises:
            UsageError: there is no window, or a step sees what comes after it.
            ShapeError: ``batch_size`` is not positive.
        """
        if not self.causal:
            raise UsageError("causal=False looks ahead, so it cannot stream: use causal=True")
        if self.window is None:
            raise UsageError("a stream takes constant memory, a history without end does not: give window=, in steps")
        return HistoryStream(self, self.window, batch_size)

    def project(self, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Make queries, keys and values.

        Args:
            y: (B, T, I).

        Returns:
            ``(queries, keys, values)``, (B, T, heads, width of a head). Keys and values of "dot" are one tensor.
        """
        if self.kind == "dot":
            steps = self._heads(y)
            return steps, steps, steps
        return self._heads(self.query(y)), self._heads(self.key(y)), self._heads(self.value(y))

    def look(self, *, training: bool) -> Look:
        """How queries look at keys.

        Args:
            training: whether weights are dropped.
        """
        width = self.input_size if self.kind == "dot" else self.hidden_size // self.heads
        return Look(
            scale=1.0 if self.kind == "general" else 1.0 / math.sqrt(width),
            dropout=self.dropout if training else 0.0,
            energy=cast(Tensor, self.energy.weight) if self.kind == "additive" else None,
        )

    def extra_repr(self) -> str:
        options = f"kind={self.kind!r}, window={self.window}, causal={self.causal}, heads={self.heads}"
        return f"{self.input_size}, {options}, dropout={self.dropout}, batch_first={self.batch_first}"

    def _contexts(self, rows: Rows) -> Tensor:
        """(N, P), for rows (N, I)."""
        steps, device = rows.batch_sizes.shape[0], rows.rows.device
        y, lengths, past = _grid(rows, rows.rows), None, None
        if rows.grid is not None:
            ranks = torch.arange(rows.batch, device="cpu")[:, None]
            lengths = (rows.batch_sizes > ranks).sum(1).to(device)
        if lengths is not None and unreadable():  # then what is past the end is among the rows
            past = (torch.arange(steps, device=device) >= lengths[:, None])[..., None]
            y = y.masked_fill(past, 0.0)
        resets = None if rows.resets is None else _grid(rows, rows.resets)
        reach = Reach.of_rows(
            steps, window=self.window, causal=self.causal, lengths=lengths, resets=resets, device=device
        )
        context = self.output(attend(self.look(training=self.training), *self.project(y), reach).flatten(2))
        context = context if past is None else context.masked_fill(past, 0.0)
        flat = context.transpose(0, 1).flatten(0, 1)
        return flat if rows.grid is None else flat.index_select(0, rows.grid)

    def _check_input(self, x: Tensor) -> None:
        if x.shape[-1] != self.input_size:
            raise ShapeError(f"input must have {self.input_size} features (input_size), got {x.shape[-1]}")
        alike("input", x, "attention", self.like)

    def _heads(self, x: Tensor) -> Tensor:
        """(B, T, heads * width) -> (B, T, heads, width)."""
        return x.reshape(*x.shape[:2], self.heads, x.shape[2] // self.heads)


def _grid(rows: Rows, x: Tensor) -> Tensor:
    """(N, ...) -> (B, T, ...), rows by rank, zero where there is no step."""
    sizes = (rows.batch_sizes.shape[0], rows.batch)
    if rows.grid is not None:
        x = x.new_zeros(sizes[0] * sizes[1], *x.shape[1:]).index_copy(0, rows.grid, x)
    return x.reshape(*sizes, *x.shape[1:]).transpose(0, 1)
