"""What is timed on a GPU: training steps of our layers and of ``torch.nn``, calls that are small, a step of a net."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

from throughtime.bench.gpu.parity import tf32
from throughtime.bench.gpu.variants import DTYPES
from throughtime.layers import GRU, LSTM, RNN, Recurrent, explain
from throughtime.models.language_model import LanguageModel
from throughtime.models.parts.half_precision import HalfPrecision
from throughtime.training.adamw import AdamW

__all__ = ["Shape", "ours", "peer", "shortest", "text_step"]

Work = Callable[[], object]
OURS: dict[str, Callable[..., Recurrent]] = {"lstm": LSTM, "gru": GRU, "rnn": RNN}
THEIRS: dict[str, Callable[..., nn.Module]] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
LEAST_LENGTH = 20


@dataclass(frozen=True, slots=True)
class Shape:
    """A training step: T steps of B rows, I = H."""

    cell: str
    """"lstm", "gru" or "rnn"."""
    dtype: str
    """One of ``DTYPES``."""
    batch: int
    """B."""
    hidden: int
    """H, and I."""
    steps: int = 256
    """T."""
    ragged: bool = False
    """Lengths drawn evenly from 20 to T."""
    resets: bool = False
    """States cleared before one step in fifty."""
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Other options of the layer."""

    def input(self, device: torch.device, dtype: torch.dtype) -> Tensor:
        """(T, B, I), drawn."""
        torch.manual_seed(1)
        return torch.randn(self.steps, self.batch, self.hidden, device=device, dtype=dtype).requires_grad_()

    def lengths(self) -> Tensor:
        """(B,) int64, on the CPU."""
        generator = torch.Generator().manual_seed(2)
        least = min(LEAST_LENGTH, self.steps)
        return torch.randint(least, self.steps + 1, (self.batch,), generator=generator).sort(descending=True).values


def ours(shape: Shape, device: torch.device) -> tuple[Work, str]:
    """A training step of our layer, and the kernel that runs it.

    Args:
        shape: what is run.
        device: where.
    """
    dtype = DTYPES[shape.dtype]
    layer = OURS[shape.cell](shape.hidden, shape.hidden, device=device, dtype=dtype, **shape.options)
    x, told = shape.input(device, dtype), dict[str, Any]()
    if shape.ragged:
        told["lengths"] = shape.lengths()
    if shape.resets:
        told["resets"] = torch.rand(shape.batch, shape.steps, device=device) < 0.02
    return _step(layer, x, lambda: layer(x, **told)[0], shape.dtype), explain(layer, x, **told).kernel


def peer(shape: Shape, device: torch.device, dtype: str) -> Work:
    """A training step of ``torch.nn``'s layer in a type of its own, with the options that it knows.

    Args:
        shape: what is run; ragged rows are packed.
        device: where.
        dtype: one of ``DTYPES``.
    """
    known = {name: value for name, value in shape.options.items() if name in ("num_layers", "bidirectional")}
    layer = THEIRS[shape.cell](shape.hidden, shape.hidden, **known, device=device, dtype=DTYPES[dtype])
    x = shape.input(device, DTYPES[dtype])
    if not shape.ragged:
        return _step(layer, x, lambda: layer(x)[0], dtype)
    lengths = shape.lengths()
    return _step(layer, x, lambda: layer(pack_padded_sequence(x, lengths))[0].data, dtype)


def _step(layer: nn.Module, x: Tensor, output: Callable[[], Tensor], dtype: str) -> Work:
    """Forward, and back to the input and all weights."""

    def step() -> None:
        layer.zero_grad(set_to_none=True)
        x.grad = None
        with tf32(dtype == "tf32"):
            y = output()
            y.backward(torch.ones_like(y))

    return step


def shortest(cell: str, dtype: str, device: torch.device) -> dict[str, Work]:
    """A call so small that what it costs is the way to it: ours, and that of ``torch.nn``.

    Args:
        cell: "lstm", "gru" or "rnn".
        dtype: one of ``DTYPES``.
        device: where.
    """
    factory: dict[str, Any] = {"device": device, "dtype": DTYPES[dtype]}
    x, mine, theirs = torch.randn(4, 2, 16, **factory), OURS[cell](16, 16, **factory), THEIRS[cell](16, 16, **factory)
    return {"ours": lambda: mine(x), "torch.nn": lambda: theirs(x)}


def text_step(text: Path, device: torch.device, precision: str, quick: bool = False) -> tuple[Work, int]:
    """A training step of ``fit generate`` with its defaults on a text, and the tokens that it reads.

    Args:
        text: a file of characters, such as Shakespeare's works.
        device: where.
        precision: "32" or "bf16".
        quick: a network of a few units.
    """
    lanes, window, hidden = (2, 8, 16) if quick else (32, 64, 512)
    content = text.read_text(encoding="utf-8")
    numbers = {character: number for number, character in enumerate(sorted(set(content)))}
    ids = torch.tensor([numbers[character] for character in content[: 40 * lanes * (window + 1)]], device=device)
    torch.manual_seed(0)
    model = LanguageModel(len(numbers), hidden_size=hidden, dropout=0.3, init="forget_bias").to(device)
    parameters = list(model.parameters())
    optimizer = AdamW([{"params": parameters, "weight_decay": 0.1, "lr": 1e-3}])
    narrow = HalfPrecision(model) if precision == "bf16" else nullcontext()
    rows = ids[: ids.numel() // lanes * lanes].view(lanes, -1)
    state: list[Any] = [None]
    place = [0]

    def step() -> None:
        at = place[0] % (rows.shape[1] - window)
        place[0] += window
        with narrow:
            logits, after = model(rows[:, at : at + window], state[0])
            loss = nn.functional.cross_entropy(logits.flatten(0, 1), rows[:, at + 1 : at + window + 1].flatten())
        optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(parameters, 1.0, foreach=True)
        torch.stack([loss.detach(), norm]).tolist()  # as the loop does: it must know whether they are finite
        optimizer.step()
        state[0] = tuple(part.detach() for part in after)

    return step, lanes * window
