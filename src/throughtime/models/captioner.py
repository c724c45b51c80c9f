"""A picture in, words out: the decoder that looks at places of a picture, and how it writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from throughtime.decoding.decoder import Attended, Best, Scores, Tokens
from throughtime.layers.attention import Attention, Memory
from throughtime.layers.stream import Stream
from throughtime.models.parts.attending_decoder import begin
from throughtime.models.parts.carries import begins, begun, parts_of
from throughtime.models.parts.cells import stack
from throughtime.models.parts.picture_encoders import GridEncoder, PictureEncoder
from throughtime.models.parts.row_states import enter

__all__ = ["Annotations", "CaptionDecoder", "CaptionWriter", "Captioner", "uncovered"]


class Annotations(NamedTuple):
    """What was seen in B pictures."""

    memory: Memory | None
    """Keys and values of their places; None where nothing is attended to."""
    lengths: Tensor
    """(B,) places of each, on the CPU."""
    state: tuple[Tensor, ...]
    """What the decoder starts from: each part (L, B, H), h first."""

    def select(self, rows: Tensor) -> Annotations:
        """The same of some rows (B',), in any order and number."""
        state = tuple(part.index_select(1, rows.to(part.device)) for part in self.state)
        memory = None if self.memory is None else self.memory.select(rows.to(state[0].device))
        return Annotations(memory, self.lengths[rows.cpu()], state)


class CaptionDecoder(nn.Module):
    """Score each next word of a caption, given those before it and the places of a picture.

    .. code-block:: text

        h[0], c[0] = tanh(W_h mean_i a[i]), tanh(W_c mean_i a[i])     of each layer its own
        alpha[t] = softmax_i(u . tanh(W_q h[t-1] + W_k a[i]))         equations 4 to 6
        beta[t] = sigmoid(W_b h[t-1] + b)                             section 4.2.1
        z[t] = beta[t] sum_i alpha[t, i] a[i]
        h[t] = cell([E y[t-1]; z[t]], h[t-1])                         equations 1 to 3
        logits[t] = L_o (E y[t-1] + L_h h[t] + L_z z[t])              equation 7, the deep output

    Without attention there is no z, and all words of a known caption are one sweep: what was seen starts the state,
    and no more (Vinyals et al. 2015, "Show and tell", there as a first step).

    Args:
        tokens: V, number of token ids.
        key_size: K, features of a place.
        cell: one of :data:`~throughtime.models.parts.cells.CELLS`.
        embedding_size: size of a token's vector.
        hidden_size: H, units of each recurrent layer.
        num_layers: recurrent layers.
        attention: "additive", "dot", "general" or "none".
        dropout: share of the features dropped before and after the recurrent layers, and between them.
        **options: other options of the layers.

    Raises:
        UsageError: an option of the layers or of attention that cannot be honoured.

    Source: Xu et al. 2015, "Show, attend and tell: neural image caption generation with visual attention", the soft
    variant; there tanh of the gates' context is as here, and the state is made by a layer with tanh in their code.

    Example:
        >>> decoder = CaptionDecoder(10, 6, embedding_size=4, hidden_size=5)
        >>> seen = decoder.look_back(torch.randn(2, 9, 6))
        >>> decoder(torch.tensor([[0, 4, 7], [0, 5, 0]]), torch.tensor([3, 2]), seen).shape
        torch.Size([5, 10])
    """

    def __init__(
        self,
        tokens: int,
        key_size: int,
        *,
        cell: str = "lstm",
        embedding_size: int = 64,
        hidden_size: int = 128,
        num_layers: int = 1,
        attention: str = "additive",
        dropout: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__()
        self.attends = attention != "none"
        self.embedding = nn.Embedding(tokens, embedding_size)
        nn.init.normal_(self.embedding.weight, std=embedding_size**-0.5)
        width = embedding_size + (key_size if self.attends else 0)
        self.recurrent = stack(cell, width, hidden_size, num_layers, dropout=dropout, **options)
        self.begins = begins(self.recurrent)
        self.start = nn.Linear(key_size, len(self.begins) * num_layers * hidden_size)
        if self.attends:
            self.attention = Attention(hidden_size, key_size, kind=attention)
            self.gate = nn.Linear(hidden_size, 1)
            self.from_context = nn.Linear(key_size, embedding_size, bias=False)
        self.from_state = nn.Linear(hidden_size, embedding_size)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(embedding_size, tokens)

    def look_back(self, places: Tensor) -> Annotations:
        """Make the places of pictures ready, once for all words.

        Args:
            places: (B, S, K).
        """
        rows, count = places.shape[:2]
        start = torch.tanh(self.start(places.mean(1))).reshape(rows, len(self.begins), self.recurrent.num_layers, -1)
        given = [part.transpose(0, 1).contiguous() for part in start.unbind(1)]
        state = begun(parts_of(self.recurrent), dict(zip(self.begins, given, strict=True)))
        memory = self.attention.prepare(places) if self.attends else None
        return Annotations(memory, torch.full((rows,), count), state)

    def forward(self, before: Tensor, lengths: Tensor, seen: Annotations) -> Tensor:
        """Score the next token at every place of known captions.

        Args:
            before: (B, T) int64, the token before each.
            lengths: (B,) of each row, on the CPU.
            seen: what was seen in the picture of each row.

        Returns:
            (N, V) logits of the N places that there are, row after row.
        """
        return self.look_and_score(before, lengths, seen)[0]

    def look_and_score(self, before: Tensor, lengths: Tensor, seen: Annotations) -> tuple[Tensor, Tensor | None]:
        """The same, with how much each word has looked at each place of the picture, (B, T, S), 0 past the end."""
        x = self.dropout(self.embedding(before))
        there = (torch.arange(before.shape[1]) < lengths[:, None]).to(before.device)
        if seen.memory is None:
            h, looks = self.recurrent(x, enter(seen.state), lengths=lengths)[0], None
            deep = x + self.from_state(self.dropout(h))
        else:
            deep, looks = self._step_by_step(x, seen.memory, seen.state)
            looks = looks * there[:, :, None]
        return self.output(self.dropout(deep[there])), looks

    def _step_by_step(self, x: Tensor, memory: Memory, state: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
        """(what the words are scored from (B, T, E), where each has looked (B, T, S))."""
        carry, deep, looks = enter(state), list[Tensor](), list[Tensor]()
        above = state[0][-1]
        for step in x.unbind(1):
            z, weights = self.look(above, memory)
            h, carry = self.recurrent(torch.cat([step, z], 1)[:, None], carry)
            above = h[:, 0]
            deep.append(step + self.from_state(self.dropout(above)) + self.from_context(z))
            looks.append(weights)
        return torch.stack(deep, 1), torch.stack(looks, 1)

    def look(self, above: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """Look at the picture: (z (B, K), alpha (B, S)), from the state of the last layer, (B, H)."""
        context, weights = self.attention(above, memory)
        return torch.sigmoid(self.gate(above)) * context, weights

    def pack(self) -> Stream:
        """Lay the weights out for writing, as they are now: once for any number of writers, one after the other."""
        return self.recurrent.stream()

    def writer(self, source: Annotations, *, banned: Sequence[int] = (), packed: Stream | None = None) -> CaptionWriter:
        """Make ready to write, with dropout off.

        Args:
            source: what was seen, a row for each caption.
            banned: tokens that are never written.
            packed: what :meth:`pack` gave, and no other writer uses any more; None packs the weights anew.

        Returns:
            What :mod:`throughtime.decoding` writes with.
        """
        return CaptionWriter(self, source, banned, packed or self.pack())


class CaptionWriter:
    """Writes many captions side by side, on packed weights: a :class:`throughtime.decoding.decoder.Decoder`.

    Args:
        model: the network, in evaluation.
        seen: what was seen, a row for each caption.
        banned: tokens that are never written.
        packed: its recurrent layers, laid out for writing.
    """

    @torch.no_grad()
    def __init__(self, model: CaptionDecoder, seen: Annotations, banned: Sequence[int], packed: Stream) -> None:
        self._model, self._memory, self._banned = model, seen.memory, list(banned)
        self._device, self._lengths = model.embedding.weight.device, seen.lengths.numpy()
        self._stream = packed
        begin(self._stream, len(seen.lengths))
        self._stream.state = enter(seen.state)
        self._above = seen.state[0][-1]
        self._weights: Tensor | None = None

    @torch.no_grad()
    def _scores(self, tokens: Tokens) -> Tensor:
        """(R, V) log-probabilities, -inf for banned tokens; the others are no likelier without them."""
        model = self._model
        x = deep = model.embedding(torch.from_numpy(tokens).to(self._device))
        if self._memory is not None:
            z, self._weights = model.look(self._above, self._memory)
            x, deep = torch.cat([x, z], 1), deep + model.from_context(z)
        self._above = self._stream.step(x)
        scores = functional.log_softmax(model.output(deep + model.from_state(self._above)).float(), 1)
        if self._banned:
            scores[:, self._banned] = -torch.inf
        return scores

    def step(self, tokens: Tokens) -> Scores:
        """Read a token (R,) of each row, and score each next one, (R, V)."""
        return self._scores(tokens).cpu().numpy()

    def best(self, tokens: Tokens, count: int) -> Best:
        """Read a token (R,) of each row, and give the likeliest next ones, (R, k) of both."""
        scores = self._scores(tokens)
        top, found = scores.topk(min(count, scores.shape[1]), 1)
        return Best(found.cpu().numpy(), top.cpu().numpy())

    def select(self, rows: Tokens) -> None:
        """Go on with some rows, in any order and number."""
        chosen = torch.from_numpy(rows)
        self._stream.select(chosen)
        chosen = chosen.to(self._device)
        self._above, self._lengths = self._above[chosen], self._lengths[rows]
        self._weights = None if self._weights is None else self._weights[chosen]
        if self._memory is not None and not np.array_equal(rows, np.arange(self._memory.keys.shape[0])):
            self._memory = self._memory.select(chosen)

    @property
    def attended(self) -> Attended | None:
        """What the next tokens that were last scored look at; None where nothing is attended to."""
        return None if self._weights is None else Attended(self._weights.float().cpu().numpy(), self._lengths)


class Captioner(nn.Module):
    """Read pictures, and score each word of captions.

    Args:
        read: turns a batch's pictures into the features of their places; has ``output_size`` and ``grid``.
        decoder: scores the words.
    """

    def __init__(self, read: PictureEncoder | GridEncoder, decoder: CaptionDecoder) -> None:
        super().__init__()
        self.read, self.decoder = read, decoder

    def encode(self, arrays: Mapping[str, Tensor]) -> Annotations:
        """Read pictures.

        Args:
            arrays: ``pictures`` (B, H, W, C).

        Returns:
            What the decoder looks at.
        """
        return self.decoder.look_back(self.read(arrays["pictures"]))

    def forward(self, before: Tensor, lengths: Tensor, seen: Annotations) -> Tensor:
        """Score the next token at every place of known captions; see :meth:`CaptionDecoder.forward`."""
        return self.decoder(before, lengths, seen)


def uncovered(looks: Tensor) -> Tensor:
    """Give how unevenly captions have looked at the places of their pictures, summed over all.

    .. code-block:: text

        sum over captions and places i of (1 - sum_t alpha[t, i])^2

    Args:
        looks: (B, T, S), 0 past the end of a caption.

    Returns:
        The sum.

    Source: Xu et al. 2015, equation 14, without its weight.

    Example:
        >>> uncovered(torch.tensor([[[1.0, 0.0], [0.5, 0.5]]])).item()
        0.5
    """
    return ((1 - looks.sum(1)) ** 2).sum()
