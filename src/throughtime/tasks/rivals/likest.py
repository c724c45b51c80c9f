"""A model that writes captions without a network: that of the likest picture it has seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self, cast

import numpy as np
from numpy.typing import NDArray

from throughtime.data.media.resizing import resized
from throughtime.data.record import Picture, Record, Sequences
from throughtime.tasks.rivals.drawing import draw, share_of

__all__ = ["LikestPicture"]

SIDE = 16
"""Rows and columns that pictures are made smaller to before they are compared."""
NUMBERS = 3_000_000
"""Numbers of all pictures that are remembered: a second."""
AT_ONCE = 500
"""Pictures that are compared with all of them at a time."""
Array = NDArray[Any]


class LikestPicture:
    """Writes the caption of the likest picture that it has seen, by the distance of their pixels.

    Args:
        pictures: (N, F), numbers of each.
        captions: a right caption of each.
        learned_from: how much of the training data, in words.
    """

    kind, title = "likest", "the caption of the likest training picture"

    def __init__(self, pictures: Array, captions: Sequence[str], learned_from: str = "") -> None:
        self.pictures, self.captions, self.learned_from = pictures, captions, learned_from

    @classmethod
    def learn(cls, records: Sequence[Record]) -> Self:
        """Remember pictures with their captions.

        Args:
            records: pictures, all with as many channels.

        Returns:
            The model.
        """
        drawn = draw(records, NUMBERS, lambda record: len(_numbers(record)))
        captions = [str(cast(Sequences, record.target).right[0]) for record in drawn]
        return cls(_rows(drawn), captions, share_of(len(drawn), len(records), "examples"))

    def write(self, records: Sequence[Record]) -> Iterator[str]:
        """Write a caption for each picture; of pictures that are as like, the first decides."""
        for start in range(0, len(records), AT_ONCE):
            asked = _rows(records[start : start + AT_ONCE])
            near = asked @ self.pictures.T - (self.pictures**2).sum(1) / 2  # the nearest is the largest
            places: list[int] = near.argmax(1).tolist()
            yield from (self.captions[place] for place in places)

    def to_parts(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Give (arrays, plain values) that it can be made of again."""
        return {"pictures": self.pictures}, {"captions": list(self.captions)}

    @classmethod
    def from_parts(cls, arrays: Mapping[str, Array], plain: Mapping[str, Any]) -> Self:
        """Make it again from what :meth:`to_parts` gave; a KeyError says that something is missing."""
        return cls(arrays["pictures"], plain["captions"])


def _numbers(record: Record) -> Array:
    picture = cast(Picture, record.content)
    return resized(picture, min(SIDE, picture.shape[0]), min(SIDE, picture.shape[1])).ravel()


def _rows(records: Sequence[Record]) -> Array:
    return np.stack([_numbers(record) for record in records]).astype(np.float32)
