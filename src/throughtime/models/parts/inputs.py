"""The first part of a net: words with their spelling, tokens, or frames become one vector for each step."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from throughtime.models.parts.cells import stack

__all__ = ["FrameInput", "TokenInput", "WordInput"]

EMBEDDING_STD = 0.1
"""Standard deviation of the first embeddings: small ones leave more to what is learned."""
UNKNOWN = 0
"""Number of words and characters that are not known, and of padding."""


def _embedding(count: int, size: int) -> nn.Embedding:
    embedding = nn.Embedding(count, size)
    nn.init.normal_(embedding.weight, std=EMBEDDING_STD)
    with torch.no_grad():
        embedding.weight[UNKNOWN] = 0.0
    return embedding


class WordInput(nn.Module):
    """A word's own vector, and beside it what a small recurrent network reads in its spelling.

    .. code-block:: text

        x[t] = dropout([E word[t]; forward LSTM over the letters; backward LSTM over the letters])

    Args:
        words: number of words, the unknown one included.
        embedding_size: size of a word's vector.
        characters: number of characters, the unknown one and any marks included; 0 leaves the spelling out.
        character_size: size of a character's vector.
        character_hidden: units of each direction over the letters.
        dropout: share of the features dropped.
        word_dropout: share of the words read as unknown in training, so that the unknown word has a meaning. Where
            ``counts`` are given, they are the rare ones: a word seen n times is dropped with this share over n.
        character_dropout: share of the letters read as unknown in training.
        counts: how often each word was seen, (words,), or None.

    Source: Lample et al. 2016, "Neural architectures for named entity recognition", section 4.1 (spelling) and 4.3 (the
    unknown word learned from words seen once).

    Example:
        >>> read = WordInput(100, 8, characters=30, character_size=4, character_hidden=5)
        >>> words, places = torch.tensor([[1, 2]]), torch.tensor([[0, 1]])
        >>> read(words, places, torch.tensor([[3, 4], [5, 0]]), torch.tensor([2, 1])).shape
        torch.Size([1, 2, 18])
    """

    def __init__(
        self,
        words: int,
        embedding_size: int,
        *,
        characters: int = 0,
        character_size: int = 32,
        character_hidden: int = 64,
        dropout: float = 0.0,
        word_dropout: float = 0.0,
        character_dropout: float = 0.0,
        counts: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        self.embedding = _embedding(words, embedding_size)
        self.output_size = embedding_size
        if characters:
            self.letters = nn.Embedding(characters, character_size)  # few and frequent: the usual N(0, 1) serves them
            self.spelling = stack("lstm", character_size, character_hidden, bidirectional=True)
            self.output_size += 2 * character_hidden
        self.dropout = nn.Dropout(dropout)
        self.word_dropout, self.character_dropout = word_dropout, character_dropout
        seen = torch.ones(words) if counts is None else torch.tensor(counts).clamp(min=1)
        self.register_buffer("word_share", word_dropout / seen, persistent=False)

    word_share: Tensor

    def forward(
        self,
        words: Tensor,
        places: Tensor | None = None,
        characters: Tensor | None = None,
        character_lengths: Tensor | None = None,
    ) -> Tensor:
        """Give the vectors.

        Args:
            words: (B, T) int64.
            places: (B, T) int64, where each word's spelling stands in ``characters``.
            characters: (U, C) int64, the spellings of the batch's different words.
            character_lengths: (U,) int64.

        Returns:
            (B, T, output_size).
        """
        if self.training and self.word_dropout:
            words = words.masked_fill(torch.rand(words.shape, device=words.device) < self.word_share[words], UNKNOWN)
        x = self.embedding(words)
        if places is not None and characters is not None:
            spelled = self._spelled(characters, character_lengths)
            x = torch.cat([x, functional.embedding(places, spelled)], -1)
        return self.dropout(x)

    def _spelled(self, characters: Tensor, lengths: Tensor | None) -> Tensor:
        """Read each spelling in both directions: (U, 2 * character_hidden)."""
        if self.training and self.character_dropout:
            drop = torch.rand(characters.shape, device=characters.device) < self.character_dropout
            characters = characters.masked_fill(drop, UNKNOWN)
        _, (h, _) = self.spelling(self.letters(characters), lengths=lengths)
        return torch.cat([h[0], h[1]], -1)


class TokenInput(nn.Module):
    """One vector for each token id.

    Args:
        tokens: number of ids.
        embedding_size: size of a vector.
        dropout: share of the features dropped.
    """

    by_step = True
    """A step is read without those beside it, so a long sequence may come in pieces."""

    def __init__(self, tokens: int, embedding_size: int, *, dropout: float = 0.0) -> None:
        super().__init__()
        self.embedding = nn.Embedding(tokens, embedding_size)
        nn.init.normal_(self.embedding.weight, std=EMBEDDING_STD)
        self.dropout = nn.Dropout(dropout)
        self.output_size = embedding_size

    def forward(self, tokens: Tensor) -> Tensor:
        """Give the vectors: (B, T) int64 -> (B, T, embedding_size)."""
        return self.dropout(self.embedding(tokens))


class FrameInput(nn.Module):
    """Frames brought to mean 0 and deviation 1, then a layer of units.

    .. code-block:: text

        x[t] = dropout(relu(W (frame[t] - mean) / scale + b))

    Args:
        mean: (F,) mean of each feature.
        scale: (F,) standard deviation of each.
        size: units of the layer; 0 leaves it out.
        dropout: share of the units dropped.
        mask: share of the features, and of the steps, that training hides in stripes of a random width up to twice
            that share (Park et al. 2019, "SpecAugment").
    """

    by_step = True
    """A step is read without those beside it, but for the stripes of training."""

    def __init__(
        self, mean: Sequence[float], scale: Sequence[float], size: int, *, dropout: float = 0.0, mask: float = 0.0
    ) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean), persistent=False)
        self.register_buffer("scale", torch.tensor(scale), persistent=False)
        self.layer = nn.Sequential(nn.Linear(len(mean), size), nn.ReLU()) if size else nn.Identity()
        self.dropout = nn.Dropout(dropout)
        self.mask = mask
        self.output_size = size or len(mean)

    mean: Tensor
    scale: Tensor

    def forward(self, frames: Tensor) -> Tensor:
        """Give the vectors: (B, T, F) -> (B, T, output_size)."""
        x = (frames - self.mean) / self.scale
        if self.training and self.mask:
            x = x * ~(self._stripe(x, 1).unsqueeze(2) | self._stripe(x, 2).unsqueeze(1))
        return self.dropout(self.layer(x))

    def _stripe(self, x: Tensor, axis: int) -> Tensor:
        """One stripe of each row along an axis: (B, size of the axis) bool."""
        size = x.shape[axis]
        width, start = torch.rand(2, x.shape[0], 1, device=x.device)
        width = width * 2 * self.mask * size
        place = torch.arange(size, device=x.device) + 0.5 - start * (size - width)  # the middle of each place
        return (place >= 0) & (place < width)
