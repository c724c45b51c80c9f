"""What is checked on a GPU: cells, options, types, sizes, rows, resets and ways to call, so that all pairs meet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import torch

from throughtime.bench.gpu.pairwise import pairwise
from throughtime.layers import GRU, LSTM, RNN, Recurrent

__all__ = ["DTYPES", "FACTORS", "TINY", "Variant", "layer_of", "variants"]

CELLS: dict[str, tuple[Callable[..., Recurrent], dict[str, Any]]] = {
    "lstm": (LSTM, {}),
    "gru": (GRU, {}),
    "rnn_tanh": (RNN, {}),
    "rnn_relu": (RNN, {"nonlinearity": "relu"}),
    "lstm_peephole": (LSTM, {"peepholes": True}),
    "lstm_projected": (LSTM, {"proj_size": 12}),
    "gru_reset_before": (GRU, {"reset_after": False}),
}
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "no bias": {"bias": False},
    "layer norm": {"layer_norm": True},
    "zoneout": {"zoneout": 0.2},
    "recurrent dropout": {"recurrent_dropout": 0.3},
    "weight dropout": {"weight_dropout": 0.3},
    "learned state": {"initial_state": "learned"},
}
DTYPES = {
    "float32": torch.float32, "tf32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16,
}  # fmt: skip
"""Types by name; tf32 is float32 whose products may be rounded, as PyTorch lets cuDNN do."""
SIZES = {"16x64": (16, 64), "1x24": (1, 24), "33x200": (33, 200), "64x512": (64, 512)}
"""(B, H) by name."""
TINY = "3x14"
"""A size for an interpreter of programs, which takes a second for some steps of it; no variant has it by itself."""

FACTORS: dict[str, tuple[str, ...]] = {
    "cell": tuple(CELLS),
    "option": tuple(OPTIONS),
    "dtype": tuple(DTYPES),
    "size": tuple(SIZES),
    "call": ("eager", "compiled", "stream"),
    "directions": ("one", "both"),
    "rows": ("full", "ragged"),
    "resets": ("none", "some"),
}
"""The values of each factor."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One row of the array."""

    cell: str
    """The cell, with what its own options make of it."""
    option: str
    """What is switched on."""
    dtype: str
    """One of ``DTYPES``."""
    size: str
    """B and H."""
    call: str
    """"eager", "compiled" (one graph, without the compiler's own kernels) or "stream" (step by step)."""
    directions: str
    """"one" or "both"."""
    rows: str
    """"full" or "ragged"."""
    resets: str
    """"none" or "some"."""

    def __str__(self) -> str:
        return ", ".join(str(getattr(self, field.name)) for field in fields(self))

    @property
    def sizes(self) -> tuple[int, int]:
        """(B, H)."""
        return (3, 14) if self.size == TINY else SIZES[self.size]


def _allowed(row: Mapping[str, str]) -> bool:
    """Whether values may stand together: a stream reads full rows in one direction, and clears no state by itself."""
    if row.get("call") != "stream":
        return True
    usual = {"directions": "one", "rows": "full", "resets": "none"}
    return all(row.get(name, value) == value for name, value in usual.items())


def variants() -> list[Variant]:
    """All that is checked, 60 at most."""
    return [Variant(**row) for row in pairwise(FACTORS, _allowed)]


def layer_of(variant: Variant, inputs: int) -> Recurrent:
    """Make the layer of a variant in float32 on the CPU, its weights drawn from torch's generator.

    Args:
        variant: what is asked for.
        inputs: I.

    Returns:
        The layer, in training mode; what a reset returns to is drawn, too, where it is learned.
    """
    kind, own = CELLS[variant.cell]
    options: dict[str, Any] = {**own, **OPTIONS[variant.option], "bidirectional": variant.directions == "both"}
    layer = kind(inputs, variant.sizes[1], **options)
    with torch.no_grad():
        for name, parameter in layer.named_parameters():
            if name.startswith(("h0", "c0")):
                parameter.normal_(std=0.5)
    return layer
