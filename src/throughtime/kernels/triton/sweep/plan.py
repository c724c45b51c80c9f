"""How a sweep is laid out on a GPU: all that is known when its programs are compiled, and the table it comes from.

Sizes are padded to one to four times a power of two, so that products come in even chunks; what is padded stays 0.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["KINDS", "Plan", "Shape", "padded", "planned"]

KINDS = {
    "rnn_tanh": "rnn", "rnn_relu": "rnn", "lstm": "lstm", "lstm_peephole": "lstm", "gru": "gru",
    "gru_reset_before": "gru_before",
}  # fmt: skip
"""Cell name -> which loop body runs it."""

GATES = {"rnn": 1, "lstm": 4, "gru": 3, "gru_before": 2}
"""Gates of the recurrent product of h."""

COLUMNS = {"rnn": 1, "lstm": 4, "gru": 4, "gru_before": 2}
"""Columns that a unit has in that product: a power of two."""

X_COLUMNS = {"rnn": 1, "lstm": 4, "gru": 4, "gru_before": 4}
"""Columns that a unit has in what comes from the input, and in what is kept of its gates."""

_ON_CHIP = 64 * 1024
"""Bytes of weights that a program holds: in the registers of 8 warps, 64 a thread."""

_ROWS, _MOST_ROWS = 16, 64
"""Rows of a program, at least (a tile of the tensor cores) and at most."""

_STREAMED = 64
"""Rows of a chunk of weights that is read again in every step."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What a plan is made for."""

    cell: str
    """Name of the cell."""
    hidden: int
    """H."""
    width: int
    """P: of the output."""
    item: int
    """Bytes of a number."""
    batch: int
    """B."""
    directions: int
    """1 or 2."""
    processors: int
    """Of the GPU: programs that can be there at once."""
    shared: int
    """Bytes of memory that a program shares among its threads."""

    @property
    def columns(self) -> int:
        """Of a unit in the recurrent product."""
        return COLUMNS[KINDS[self.cell]]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A sweep as its programs are compiled for it. Numbers alone: its text names the compiled program."""

    cell: str
    """Name of its loop body."""
    relu: bool
    """An Elman network's nonlinearity."""
    normed: bool
    """Layer-normalised."""
    peepholes: bool
    """An LSTM's."""
    projected: bool
    """h is a projection."""
    shifted: bool
    """A vector is added to the recurrent product."""
    resets: bool
    """States are cleared inside sequences."""
    restart: bool
    """A reset returns to a learned state."""
    zone_h: int
    """0: none, 1: masks, 2: in expectation."""
    zone_c: int
    """The same of the second part of the carry."""
    drops: bool
    """Recurrent dropout draws a mask."""
    dense: bool
    """Every row has every step."""
    keeps: bool
    """Forward keeps what backward needs."""
    hidden: int
    """H."""
    width: int
    """P."""
    hidden_pad: int
    """H, padded."""
    width_pad: int
    """P, padded."""
    rows: int
    """Rows of a program."""
    units: int
    """Units of a program."""
    held: bool
    """Weights stay on chip; else they are read in every step."""
    chunks: int
    """Chunks of the product of h."""
    k: int
    """Numbers of a chunk."""
    back_chunks: int
    """Chunks of the product of its gradients."""
    back_k: int
    """Numbers of each part of such a chunk."""
    back_parts: int
    """Parts of such a chunk, shared out among warps."""
    precision: str
    """Of products of float32: ieee or tf32."""
    directions: int
    """1 or 2."""
    resident: bool
    """All programs that meet run at once; else one after the other, and the host goes through the steps."""
    begins: bool = True
    """The launch has the first step."""
    ends: bool = True
    """The launch leaves the carry."""

    @property
    def gates(self) -> int:
        return GATES[self.cell]

    @property
    def columns(self) -> int:
        return COLUMNS[self.cell]

    @property
    def x_columns(self) -> int:
        return X_COLUMNS[self.cell]

    @property
    def memory(self) -> bool:
        """The carry has a second part."""
        return self.cell == "lstm" or (self.cell == "gru" and self.projected)

    @property
    def norms_c(self) -> bool:
        return self.normed and self.cell == "lstm"

    @property
    def norms_n(self) -> bool:
        return self.normed and self.cell == "gru_before"

    @property
    def apart(self) -> bool:
        """The gradients of what came from the input are others than those of the recurrent product."""
        return self.normed or self.cell == "gru_before"

    @property
    def noisy(self) -> bool:
        return self.drops or self.zone_h == 1 or self.zone_c == 1

    @property
    def programs(self) -> int:
        """Programs of a group."""
        return self.hidden_pad // self.units

    @property
    def all_programs(self) -> int:
        """The same, as a power of two."""
        return 1 << (self.programs - 1).bit_length()

    @property
    def boards(self) -> int:
        """Sums over units that a step has, at most."""
        return int(self.normed) + int(self.norms_c or self.norms_n)

    @property
    def meetings(self) -> int:
        """Of a group in a step, forward."""
        return 1 + self.boards + int(self.cell == "gru_before") + int(self.projected)

    @property
    def back_meetings(self) -> int:
        """The same, backward: each product and each sum has its counterpart."""
        return self.meetings

    @property
    def k_again(self) -> int:
        return _streamed(self.hidden_pad)[1]

    @property
    def k_project(self) -> int:
        return _streamed(self.width_pad)[1]

    @property
    def sums(self) -> tuple[bool, ...]:
        """Which sums over steps there are: of restart h and c, of three peepholes, of gain and shift of ln_c."""
        of_c = self.restart and self.resets and self.memory
        return (self.restart and self.resets, of_c, *[self.peepholes] * 3, *[self.norms_c] * 2)

    @property
    def warps(self) -> int:
        return 4 if self.hidden_pad <= 256 else 8

    @property
    def back_warps(self) -> int:
        return 4 if self.hidden_pad <= 128 else 8


def padded(size: int) -> int:
    """The next number that is one to four times a power of two from 16 on.

    Args:
        size: 1 or more.
    """
    power = 16
    while 4 * power < size:
        power *= 2
    return power * -(-size // power)


def _power(size: int) -> int:
    """The largest power of two in a padded size."""
    return size & -size


def _streamed(size: int) -> tuple[int, int]:
    """Chunks of a product over so many, and the numbers in each."""
    k = min(_STREAMED, _power(size))
    return size // k, k


def _held(size: int, parts: int, most: int) -> tuple[int, int, int]:
    """Chunks, numbers in each part of a chunk, parts of a chunk."""
    odd = 3 if size % 3 == 0 and _power(size) * 3 == size else 1
    chunks = odd
    while odd == 1 and chunks < most and size // (2 * chunks) >= 32:
        chunks *= 2
    while parts > 1 and size // (chunks * parts) < 16:
        parts //= 2
    return chunks, size // (chunks * parts), parts


def _fits(shape: Shape, hidden_pad: int, width_pad: int, units: int, rows: int) -> bool:
    """Whether a program has room for the weights of its units, and beside them for all gradients of its rows."""
    weights = width_pad * shape.columns * units * shape.item
    return weights <= _ON_CHIP and weights + rows * shape.columns * hidden_pad * shape.item <= shape.shared


def _units(shape: Shape, hidden_pad: int, width_pad: int) -> tuple[int, bool]:
    """Units of a program, and whether it holds their weights: the most whose weights fit, while all programs do."""
    for units in (16, 8):
        if _fits(shape, hidden_pad, width_pad, units, _ROWS) and hidden_pad // units <= shape.processors:
            return units, True
    units = 16
    while hidden_pad // units > shape.processors and units < hidden_pad:
        units *= 2
    return units, False


def _rows(shape: Shape, hidden_pad: int, width_pad: int, units: int, held: bool) -> int:
    """Rows of a program: as few as are all there at once, or as many as there is room for."""
    rows, programs = _ROWS, hidden_pad // units * shape.directions
    while rows < _MOST_ROWS and -(-shape.batch // rows) * programs > shape.processors:
        if held and not _fits(shape, hidden_pad, width_pad, units, 2 * rows):
            break
        rows *= 2
    return rows


def planned(shape: Shape, **facts: object) -> Plan:
    """Lay a sweep out.

    Args:
        shape: its sizes.
        facts: fields of :class:`Plan` that the call itself tells.
    """
    hidden_pad, width_pad = padded(shape.hidden), padded(shape.width)
    units, held = _units(shape, hidden_pad, width_pad)
    rows = _rows(shape, hidden_pad, width_pad, units, held)
    back = shape.columns * hidden_pad
    if held:
        chunks, k, _ = _held(width_pad, 1, 4 if width_pad >= 256 else 2)
        back_chunks, back_k, back_parts = _held(back, 4 if hidden_pad <= 128 else 8, 1)
    else:
        (chunks, k), (back_chunks, back_k), back_parts = _streamed(width_pad), _streamed(back), 1
    sizes = dict(
        cell=KINDS[shape.cell], relu=shape.cell == "rnn_relu", hidden=shape.hidden, width=shape.width,
        hidden_pad=hidden_pad, width_pad=width_pad, rows=rows, units=units, held=held, chunks=chunks, k=k,
        back_chunks=back_chunks, back_k=back_k, back_parts=back_parts, directions=shape.directions,
    )  # fmt: skip
    return Plan(**sizes, **facts)  # type: ignore[arg-type]
