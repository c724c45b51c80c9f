"""What is asked of a network that reads something and writes a text about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from torch import Tensor

from throughtime.decoding.decoder import Decoder

__all__ = ["Read", "WritingModel"]


class Read(Protocol):
    """What was read, of B rows."""

    lengths: Tensor
    """(B,) its steps, on the CPU."""


class _Half(Protocol):
    """The half of a network that writes."""

    attends: bool

    def pack(self) -> Any: ...

    def writer(self, source: Any, *, banned: Sequence[int] = (), packed: Any = None) -> Decoder: ...


class WritingModel(Protocol):
    """A network that reads and writes: :class:`throughtime.models.encoder_decoder.EncoderDecoder` and its like."""

    @property
    def decoder(self) -> _Half:
        """The half that writes."""
        ...

    def encode(self, arrays: Any) -> Any:
        """Read a batch; gives what is looked back at, with ``lengths``."""
        ...

    def __call__(self, before: Tensor, lengths: Tensor, source: Any) -> Tensor:
        """Score each next token of known texts: (N, V) of the N places that there are."""
        ...
