"""One message to the page: a header of JSON, then arrays as they lie in memory. Loads no torch."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Answer", "packed"]

ALIGNMENT = 4
"""A Float32Array of a browser begins at a multiple of so many bytes."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is said to the page."""

    words: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What JSON holds."""
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict[str, NDArray[Any]])
    """Numbers, which are sent as float32."""


def packed(answer: Answer, number: int) -> bytes:
    """Give an answer as the page reads it.

    .. code-block:: text

        bytes 0 to 3   N, the length of the header, little-endian
        N bytes        the header: JSON, then blanks up to a multiple of 4
        then           each array of header["arrays"] = [[name, [rows, columns]], ...], float32, little-endian

    Args:
        answer: what is said.
        number: of the question.

    Returns:
        One binary message.

    Example:
        >>> message = packed(Answer(words={"steps": 2}, arrays={"h": np.ones((2, 3))}), 7)
        >>> size = struct.unpack("<I", message[:4])[0]
        >>> json.loads(message[4 : 4 + size]), len(message) - 4 - size
        ({'id': 7, 'steps': 2, 'arrays': [['h', [2, 3]]]}, 24)
    """
    arrays = {name: np.ascontiguousarray(array, "<f4") for name, array in answer.arrays.items()}
    listed = [[name, list(array.shape)] for name, array in arrays.items()]
    header = json.dumps({"id": number, **answer.words, "arrays": listed}, ensure_ascii=False, allow_nan=False).encode()
    header += b" " * (-len(header) % ALIGNMENT)
    return b"".join([struct.pack("<I", len(header)), header, *(array.tobytes() for array in arrays.values())])
