"""The encoder-decoder: a sequence in, another out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from throughtime.errors import UnknownNameError
from throughtime.layers import Recurrent
from throughtime.models.parts.attending_decoder import AttendingDecoder, Source
from throughtime.models.parts.carries import begins, begun, parts_of
from throughtime.models.parts.cells import stack

__all__ = ["Bridge", "EncoderDecoder"]

BRIDGES = ("zero", "last", "projected")


class Bridge(nn.Module):
    """What a decoder starts from, made of the state in which an encoder ends.

    .. code-block:: text

        zero         s[0] = 0
        last         s[0] = [h forward; h backward], of each layer its own
        projected    s[0] = tanh(W [h forward; h backward] + b), of each layer its own

    Other parts of a state are made of the encoder's parts of those names in the same way, without tanh; they are zero
    where it has none. A decoder that is begun with parts of which the encoder has none takes its first from the
    encoder's first. A memory that is kept scaled is projected without its scale.

    Args:
        encoder: the layers that have read.
        decoder: the layers that will write; as many, and as wide as all directions of the encoder together.
        kind: "zero", "last" or "projected".

    Raises:
        UnknownNameError: a kind that is none of these.

    Source: Bahdanau, Cho and Bengio 2015, "Neural machine translation by jointly learning to align and translate",
    appendix A.2.2, there with the backward state alone; last: Sutskever, Vinyals and Le 2014, "Sequence to sequence
    learning with neural networks".
    """

    def __init__(self, encoder: Recurrent, decoder: Recurrent, kind: str) -> None:
        super().__init__()
        if kind not in BRIDGES:
            raise UnknownNameError("bridge", kind, BRIDGES)
        self.kind, self.directions = kind, 1 + encoder.bidirectional
        self.ends, self.parts = parts_of(encoder), parts_of(decoder)
        self.taken = _taken(begins(decoder) if kind == "projected" else self.parts, encoder, decoder)
        width, self.layers = cast(int, decoder.hidden_size), decoder.num_layers
        if kind == "projected":
            layers = range(self.layers * len(self.taken))
            self.projections = nn.ModuleList([nn.Linear(width, width) for _ in layers])

    def forward(self, state: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Turn a state of the encoder, each part (L D, B, H), into one of the decoder, each part (L, B, D H)."""
        parts = [state] if isinstance(state, Tensor) else list(state)
        ends = dict(zip(self.ends, map(self._side_by_side, parts), strict=True))
        if self.kind == "zero":
            return tuple(map(torch.zeros_like, begun(self.parts, ends)))
        if self.kind == "last":
            return begun(self.parts, {part: ends[source] for part, source in self.taken.items()})
        if "n" in ends:
            ends["c"] = ends["c"] / ends["n"].masked_fill(ends["n"] == 0, 1.0)
        taken = enumerate(self.taken.items())
        moved = {part: self._projected(ends[source], number, part) for number, (part, source) in taken}
        return begun(self.parts, moved)

    def _side_by_side(self, part: Tensor) -> Tensor:
        """(L D, B, H) -> (L, B, D H)."""
        by_layer = part.reshape(self.layers, self.directions, *part.shape[1:])
        return by_layer.transpose(1, 2).flatten(2)

    def _projected(self, end: Tensor, number: int, part: str) -> Tensor:
        own = self.projections[number * self.layers : (number + 1) * self.layers]
        moved = torch.stack([linear(layer) for linear, layer in zip(own, end, strict=True)])
        return torch.tanh(moved) if part == "h" else moved


def _taken(parts: Sequence[str], encoder: Recurrent, decoder: Recurrent) -> dict[str, str]:
    """The parts of a decoder that something is taken over into, and what."""
    taken = {part: part for part in parts if part in parts_of(encoder)}
    if not taken.keys() & set(begins(decoder)):
        taken[begins(decoder)[0]] = begins(encoder)[0]
    return taken


class EncoderDecoder(nn.Module):
    """Read a sequence, and score each token of another one.

    .. code-block:: text

        s = encoder(read(x))                            the steps of all directions side by side
        logits = decoder(y before, s, bridge(last state of the encoder))

    Args:
        read: turns a batch's arrays into one vector for each step; has ``output_size``.
        tokens: V, number of ids of target tokens.
        cell: of the encoder: one of :data:`~throughtime.models.parts.cells.CELLS`.
        decoder_cell: of the decoder; None: the same.
        hidden_size: H, units of each direction of each layer of the encoder; those of the decoder are as wide as all
            directions together.
        num_layers: recurrent layers of each.
        embedding_size: size of a target token's vector.
        bidirectional: read the source from both ends.
        bridge: "zero", "last" or "projected"; see :class:`Bridge`.
        attention: "additive", "dot", "general" or "none".
        tied: the output layer has the vectors of the target tokens as its weights.
        feeding: what was attended to goes into the decoder's next step.
        dropout: share of the features dropped before and after recurrent layers, and between them.
        **options: other options of all recurrent layers.

    Raises:
        UsageError: an option that cannot be honoured.

    Example:
        >>> from throughtime.models.parts.inputs import TokenInput
        >>> model = EncoderDecoder(TokenInput(9, 4), 10, hidden_size=3, embedding_size=4)
        >>> source = model.encode({"tokens": torch.tensor([[1, 2, 3], [4, 5, 0]]), "lengths": torch.tensor([3, 2])})
        >>> model(torch.tensor([[0, 4], [0, 0]]), torch.tensor([2, 1]), source).shape
        torch.Size([3, 10])
    """

    def __init__(
        self,
        read: nn.Module,
        tokens: int,
        *,
        cell: str = "gru",
        decoder_cell: str | None = None,
        hidden_size: int = 256,
        num_layers: int = 1,
        embedding_size: int = 256,
        bidirectional: bool = True,
        bridge: str = "projected",
        attention: str = "general",
        tied: bool = True,
        feeding: bool = False,
        dropout: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__()
        self.read = read
        width = hidden_size * (2 if bidirectional else 1)
        inputs = cast(int, read.output_size)
        self.recurrent = stack(
            cell, inputs, hidden_size, num_layers, bidirectional=bidirectional, dropout=dropout, **options
        )
        self.decoder = AttendingDecoder(
            tokens,
            width,
            cell=decoder_cell or cell,
            embedding_size=embedding_size,
            hidden_size=width,
            num_layers=num_layers,
            attention=attention,
            tied=tied,
            feeding=feeding,
            dropout=dropout,
            **options,
        )
        self.bridge = Bridge(self.recurrent, self.decoder.recurrent, bridge)

    def encode(self, arrays: Mapping[str, Tensor]) -> Source:
        """Read sources.

        Args:
            arrays: what ``read`` takes, and ``lengths`` (B,) on the CPU.

        Returns:
            What the decoder looks back at.
        """
        x = self.read(**{name: tensor for name, tensor in arrays.items() if name != "lengths"})
        steps, state = self.recurrent(x, lengths=arrays["lengths"])
        return self.decoder.look_back(steps, arrays["lengths"], self.bridge(state))

    def forward(self, before: Tensor, lengths: Tensor, source: Source) -> Tensor:
        """Score the next token at every place of known sequences; see :meth:`AttendingDecoder.forward`."""
        return self.decoder(before, lengths, source)
