"""The options of ``generate``: how a text is read, the network, and how it is trained. Loads no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from throughtime.errors import UsageError
from throughtime.training.options import TrainingOptions

__all__ = ["Config"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Config(TrainingOptions):
    """Options of ``fit("generate", ...)``."""

    ARCHITECTURE: ClassVar[frozenset[str]] = frozenset(
        ["unit", "vocabulary_size", "cell", "hidden", "layers", "embedding", "tied", "layer_norm"]
    )
    """Options that the weights depend on."""

    unit: Literal["characters", "bytes", "words", "bpe"] = "characters"
    """What one token is: a character, a byte, a word, or a piece of a word (byte pair encoding)."""
    vocabulary_size: int | None = None
    """Number of words or word pieces to know, for the units words (10000 if not given) and bpe (2000)."""
    separator: str | None = None
    """Text that stands between documents inside a file; without it each file is one document."""
    encoding: str = "utf-8"
    """Encoding of the files, such as utf-8 or latin-1."""
    cell: Literal["lstm", "gru", "rnn"] = "lstm"
    """Recurrent cell: long short-term memory, gated recurrent unit, or Elman's network."""
    hidden: int = 512
    """Units of each recurrent layer."""
    layers: int = 1
    """Recurrent layers on top of each other."""
    embedding: int = 128
    """Size of the vector that stands for a token."""
    tied: bool = False
    """Use the embedding's weights for the output too."""
    dropout: float = 0.3
    """Share of the units dropped between the recurrent layers and before the output, the same at all steps."""
    layer_norm: bool = False
    """Normalise inside the cell (Ba, Kiros, Hinton 2016)."""
    zoneout: float = 0.0
    """Share of the state kept from the step before (Krueger et al. 2017)."""
    recurrent_dropout: float = 0.0
    """Share of the state dropped, with one mask for a whole sequence (Gal, Ghahramani 2016)."""
    weight_dropout: float = 0.0
    """Share of the recurrent weights dropped (Merity et al. 2018)."""
    lanes: int = 32
    """Places in the text that are read side by side: the batch size."""
    tbptt: int = 64
    """Tokens that gradients reach back through (truncated backpropagation through time)."""

    def _check_values(self) -> None:
        TrainingOptions._check_values(self)
        self._at_least(1, "hidden", "layers", "embedding", "lanes", "tbptt", "vocabulary_size")
        self._shares("dropout", "zoneout", "recurrent_dropout", "weight_dropout")
        if self.separator == "":
            raise UsageError("separator must not be empty; leave it out to make each file one document")
        if self.vocabulary_size is not None and self.unit in ("characters", "bytes"):
            raise UsageError(f"vocabulary_size is for the units words and bpe; the unit is {self.unit}")
        if self.unit == "bpe" and self.vocabulary_size is not None and self.vocabulary_size < 257:
            raise UsageError(f"vocabulary_size must be at least 257 (all bytes) for bpe, not {self.vocabulary_size}")
        self._check_encoding()

    def _check_encoding(self) -> None:
        if self.unit == "bytes" and self.encoding != "utf-8":
            raise UsageError("encoding has no meaning for the unit bytes, which reads files as they are")
        try:
            bytes(4).decode(self.encoding)
        except (LookupError, UnicodeError):
            raise UsageError(f"unknown encoding {self.encoding!r}; try utf-8, latin-1, cp1252 or utf-16") from None
