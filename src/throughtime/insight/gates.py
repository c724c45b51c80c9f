"""What each gate did over time, how long a unit keeps what it has, and in how many directions the states differ."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from throughtime.errors import UsageError
from throughtime.insight.results import Floats, Gates
from throughtime.insight.subject import Subject, changed, evaluating
from throughtime.insight.unrolled import Lane, lanes, numbers, parts, precise
from throughtime.kernels.call import Call
from throughtime.kernels.reference.diagonal.cell import LinearCell
from throughtime.kernels.reference.slstm import SLSTMCell

__all__ = ["gate_statistics", "traced"]

PIECE = 8192
"""Steps of a one-way stack that are traced at a time."""

Traces = dict[str, Floats]

KEEPS: dict[str, Callable[[Floats], Floats]] = {
    "lstm": lambda f: f,
    "lstm_peephole": lambda f: f,
    "gru": lambda z: z,
    "gru_reset_before": lambda z: z,
    "paragru": lambda z: 1 - z,
    "sru": lambda f: f,
}
"""Cells, not linear in their state, whose memory is multiplied by a gate: what it is multiplied by."""


def gate_statistics(subject: Subject, *, margin: float = 0.1) -> Gates:
    """Look at every gate and state at every step.

    .. code-block:: text

        shut, open        share of the steps with gate < margin, gate > 1 - margin
        half-life         ln 0.5 / mean over t of ln keep[t]        keep: what the memory is multiplied by, f of an LSTM
        spectral radius   largest |eigenvalue| of a gate's block of W_hh
        effective rank    exp(-sum p ln p),  p = singular values of the states about their mean, summing to 1

    Args:
        subject: what is looked at.
        margin: how near an end of its range a gate is shut or open, above 0 and below 0.5.

    Returns:
        The numbers by the names of tracks.

    Raises:
        UsageError: a margin out of range.

    Source: saturation: Karpathy, Johnson and Li 2016, "Visualizing and understanding recurrent networks", section 4.2;
    half-life: Tallec and Ollivier 2018, "Can recurrent neural networks warp time?", section 2; effective rank: Roy and
    Vetterli 2007, "The effective rank: a measure of effective dimensionality", definition 1.

    Example:
        >>> import torch, throughtime as tt
        >>> from throughtime.insight import gate_statistics, subject
        >>> found = gate_statistics(subject(tt.LSTM(3, 4), torch.randn(20, 3)))
        >>> sorted(found.values), found.half_life["l0"].shape
        (['f_l0', 'g_l0', 'i_l0', 'o_l0'], (4,))
    """
    if not 0 < margin < 0.5:
        raise UsageError(f"margin must be above 0 and below 0.5, got {margin}")
    tracks, note = traced(subject)
    layer = subject.recurrent
    carried = [f"{part}_{lane.name}" for lane in lanes(layer) for part in parts(layer)]
    gates = {name: values for name, values in tracks.items() if name not in carried}
    calls = precise(layer)
    keeps = {lane.name: kept for lane in lanes(layer) if (kept := _keeps(lane, calls[lane.layer], tracks)) is not None}
    low, high = _saturated(gates, margin)
    return Gates(
        values=gates,
        states={name: tracks[name] for name in carried},
        low=low,
        high=high,
        margin=margin,
        keeps=keeps,
        half_life={name: _half_life(kept) for name, kept in keeps.items()},
        spectral_radius=_radii(layer.cell.gates, layer.cell.heads, calls, lanes(layer)),
        effective_rank={name: _effective_rank(tracks[name]) for name in carried},
        texts=subject.texts,
        note=note,
    )


def traced(subject: Subject) -> tuple[Traces, str]:
    """Every gate and every part of the carry over the whole sequence.

    Args:
        subject: what is looked at.

    Returns:
        track -> (T, width), and how it was read, where not in one piece.
    """
    layer, steps, state = subject.recurrent, len(subject.x), subject.state
    piece = steps if layer.bidirectional else PIECE
    found: list[Traces] = []
    with torch.no_grad(), evaluating(layer):
        for start in range(0, steps, piece):
            x = subject.x[start : start + piece, None]
            _, state, tracks = layer(x.transpose(0, 1) if layer.batch_first else x, state, trace=True)
            state = changed(state, Tensor.detach)
            found.append({name: _sequence(values, layer.batch_first) for name, values in tracks.items()})
    whole = {name: np.concatenate([each[name] for each in found]) for name in found[0]}
    return whole, f"read in windows of {piece} steps, the state carried across" if len(found) > 1 else ""


def _sequence(values: Tensor, batch_first: bool) -> Floats:
    return numbers(values[0] if batch_first else values[:, 0])


def _keeps(lane: Lane, call: Call, tracks: Traces) -> Floats | None:
    """What a memory is multiplied by at each step, (T, H); None where the cell has no such number."""
    body, name = call.body(), call.cell
    if isinstance(body, SLSTMCell):  # h is made of c / n, of which f n[t-1] / n[t] is kept
        n = tracks[f"n_{lane.name}"]
        order = slice(None, None, -1) if lane.direction else slice(None)
        before = np.concatenate([numbers(call.state[2][lane.direction]), n[order][:-1]])[order]
        return tracks[f"f_{lane.name}"] * before / n
    if isinstance(body, LinearCell):
        return _coefficients(lane, call, body, tracks)
    if name not in KEEPS:
        return None
    gate, still = "z" if "gru" in name else "f", call.zoneout[-1]  # the memory is the last part of the carry
    return still + (1 - still) * KEEPS[name](tracks[f"{gate}_{lane.name}"])


def _coefficients(lane: Lane, call: Call, body: LinearCell, tracks: Traces) -> Floats:
    """|a| of a cell that is linear in its state, h[t] = a[t] h[t-1] + b[t]."""
    own = body.numbers(call.parameters(lane.direction))
    if "f" in body.gates:
        return tracks[f"f_{lane.name}"]
    if "z" in body.gates:
        return 1 - tracks[f"z_{lane.name}"]
    if "r" in body.gates:  # RG-LRU: a = a_0^r, whatever is read besides
        return np.exp(-numbers(own[0]) * tracks[f"r_{lane.name}"])
    steps = len(tracks[f"h_{lane.name}"])
    radius = np.hypot(*(numbers(part) for part in own))  # LRU: |lambda|, at all steps the same
    return np.broadcast_to(radius, (steps, len(radius))).copy()


def _half_life(kept: Floats) -> Floats:
    """(H,) steps; inf where all is kept, 0 where nothing is at some step."""
    with np.errstate(divide="ignore"):
        mean = np.log(np.maximum(kept, 0.0)).mean(0)
        return np.where(mean < 0, math.log(0.5) / mean, np.inf)


def _saturated(gates: Traces, margin: float) -> tuple[Traces, Traces]:
    """Shares of the steps near the lower and near the upper end; of gates that have no ends, none."""
    low: Traces = {}
    high: Traces = {}
    for name, values in gates.items():
        least, most = values.min(), values.max()
        if least < -1 or most > 1 or name.split("_")[0] == "a":  # a sum before its tanh has no ends
            continue
        end = 0.0 if least >= 0 else -1.0
        low[name] = (values < end + margin * (1 - end)).mean(0)
        high[name] = (values > 1 - margin * (1 - end)).mean(0)
    return low, high


def _radii(gates: tuple[str, ...], heads: int, calls: list[Call], all_lanes: list[Lane]) -> dict[str, float]:
    """Largest |eigenvalue| of each gate's square block of W_hh."""
    radii: dict[str, float] = {}
    for lane in all_lanes:
        weight = calls[lane.layer].parameters(lane.direction).get("weight_hh")
        if weight is None or weight.shape[0] != len(gates) * weight.shape[1] * heads:
            continue  # a diagonal cell; or a projected one, whose blocks are no square
        for gate, block in zip(gates, weight.chunk(len(gates)), strict=True):
            squares = torch.stack(block.chunk(heads)).cpu()
            radii[f"{gate}_{lane.name}"] = torch.linalg.eigvals(squares).abs().max().item()
    return radii


def _effective_rank(states: Floats) -> float:
    values = np.linalg.svd(states - states.mean(0), compute_uv=False)
    total = values.sum()
    if total <= 1e-12 * max(1.0, float(np.abs(states).max())):
        return 0.0 if total == 0 else 1.0
    shares = values[values > 0] / total
    return float(np.exp(-(shares * np.log(shares)).sum()))
