"""Every row: what is timed, beside whom, and the ratio aimed at. T = 100 and I = H unless a row says otherwise."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import chain, product

from throughtime.bench.row import Contender, Goal, Row
from throughtime.bench.workload import Workload
from throughtime.errors import UsageError

__all__ = ["MEANS", "ROWS", "Mean", "select"]

OURS = Contender(name="throughtime", form="ours.layer")
LAYER = Contender(name="torch layer", form="torch_layers.layer")
PACKED = Contender(name="torch packed", form="torch_layers.packed")
TORCH = (LAYER, Contender(name="torch cells in a loop", form="torch_layers.cells"))
JAX = (
    Contender(name="jax scan", form="jax_scan.scan"),
    Contender(name="flax", form="jax_layers.flax"),
    Contender(name="keras on jax", form="jax_layers.keras"),
)
INFERENCE = (
    *TORCH,
    Contender(name="onnxruntime run", form="onnx_graphs.run"),
    Contender(name="onnxruntime bound", form="onnx_graphs.bound"),
    *JAX,
)
TRAINING = (*TORCH, *JAX)
STEP = (
    Contender(name="torch cell", form="torch_layers.cell_numpy_step"),
    Contender(name="torch layer", form="torch_layers.layer_step"),
    Contender(name="onnxruntime run", form="onnx_graphs.run_step"),
    Contender(name="onnxruntime bound", form="onnx_graphs.bound_step"),
    Contender(name="jax", form="jax_scan.step"),
)
TENSOR_STEP = (
    Contender(name="torch cell", form="torch_layers.cell_step"),
    Contender(name="torch cell compiled", form="torch_layers.compiled_cell_step"),
)
NAMES = {"lstm": "LSTM", "gru": "GRU", "rnn": "Elman"}


def _names(peers: tuple[Contender, ...]) -> tuple[str, ...]:
    return tuple(peer.name for peer in peers)


def _batched(cell: str, batch: int, hidden: int, training: bool, ratio: float) -> Row:
    what = "training" if training else "inference"
    return Row(
        name=f"{what}/{cell}/b{batch}/h{hidden}",
        title=f"{NAMES[cell]} {what}" if batch > 1 else f"One row (B = 1), {what}",
        workload=Workload(cell=cell, batch=batch, hidden=hidden, training=training),
        ours=OURS,
        peers=TRAINING if training else INFERENCE,
        goals=(Goal(ratio=ratio),),
    )


def _inference() -> Iterator[Row]:
    yield from (_batched("lstm", 8, hidden, False, 1.0) for hidden in (128, 256))
    yield from (_batched("lstm", batch, hidden, False, 1.0) for batch, hidden in product((32, 64), (128, 256, 512)))
    shapes = product(("gru", "rnn"), (8, 32, 64), (128, 256, 512))
    yield from (_batched(cell, batch, hidden, False, 1.3) for cell, batch, hidden in shapes)


def _training() -> Iterator[Row]:
    for cell, batch, hidden in product(("lstm", "gru", "rnn"), (8, 32, 64), (128, 256, 512)):
        lstm = 1.05 if batch == 8 else 1.2
        yield _batched(cell, batch, hidden, True, {"lstm": lstm, "gru": 1.7, "rnn": 1.3}[cell])


def _one_row() -> Iterator[Row]:
    """B = 1."""
    for cell, (hidden, ratio) in product(("lstm", "gru"), ((128, 1.5), (256, 1.2))):
        yield _batched(cell, 1, hidden, False, ratio)
    for hidden in (128, 256):
        yield _batched("lstm", 1, hidden, True, 2.0)
        gru = _batched("gru", 1, hidden, True, 1.5)
        yield replace(gru, goals=(*gru.goals, Goal(ratio=9.0, label="torch", of=_names(TORCH))))


def _ragged() -> Iterator[Row]:
    for cell, batch, hidden in product(("lstm", "gru"), (16, 32, 64), (128, 256)):
        best, of_packed = {"lstm": (1.8, 4.0), "gru": (2.7, 3.0)}[cell]
        yield Row(
            name=f"ragged/{cell}/b{batch}/h{hidden}",
            title=f"{NAMES[cell]} training, lengths uniform from 10 to T",
            workload=Workload(cell=cell, batch=batch, hidden=hidden, training=True, ragged=True),
            ours=OURS,
            peers=(LAYER, PACKED, *JAX),
            goals=(Goal(ratio=best), Goal(ratio=of_packed, label="torch packed", of=_names((PACKED,)))),
        )


STREAM_GOALS = {64: (4.0, 6.0), 128: (2.5, 4.0), 256: (2.0, 3.5), 512: (1.4, 2.5)}
"""H -> the ratios aimed at in float32, and with bfloat16 weights."""


def _streamed() -> Iterator[Row]:
    for half, cell, (hidden, ratios) in product((False, True), ("lstm", "gru"), STREAM_GOALS.items()):
        yield Row(
            name=f"{'stream-bfloat16' if half else 'stream'}/{cell}/h{hidden}",
            title=f"One streamed step of numpy rows{', bfloat16 weights' if half else ''}",
            workload=Workload(
                cell=cell,
                batch=1,
                steps=1,
                hidden=hidden,
                options={"weight_dtype": "bfloat16"} if half else {},
            ),
            ours=Contender(name="throughtime", form="ours.stream_numpy"),
            peers=STEP,
            goals=(Goal(ratio=ratios[half]),),
            paused=True,
        )


def _streamed_tensors() -> Iterator[Row]:
    for cell, hidden in product(("lstm", "gru"), (64, 128)):
        yield Row(
            name=f"stream-tensor/{cell}/h{hidden}",
            title="One streamed step of torch tensors",
            workload=Workload(cell=cell, batch=1, steps=1, hidden=hidden),
            ours=Contender(name="throughtime", form="ours.stream_torch"),
            peers=TENSOR_STEP,
            goals=(Goal(ratio=5.0, label="torch's best cell"),),
        )


def _layer_norm() -> Iterator[Row]:
    """T = 50, for torch.compile unrolls the loop and takes minutes for it."""
    eager = Contender(name="torch eager loop", form="torch_norm.eager")
    compiled = Contender(name="torch compiled loop", form="torch_norm.compiled")
    plain = Contender(name="torch layer, no norm", form="torch_layers.layer")
    for batch, of_eager in ((32, 3.0), (1, 12.0)):
        yield Row(
            name=f"layer-norm/lstm/b{batch}/h128",
            title="Layer-normalised LSTM training, T = 50",
            workload=Workload(
                cell="lstm", batch=batch, steps=50, hidden=128, training=True, options={"layer_norm": True}
            ),
            ours=OURS,
            peers=(eager, compiled, plain),
            goals=(
                Goal(ratio=of_eager, label="an eager loop", of=_names((eager,))),
                Goal(ratio=1.5, label="a compiled loop", of=_names((compiled,))),
                Goal(ratio=1.3, label="torch's LSTM without norm", of=_names((plain,)), cost=True),
            ),
        )


OPTIONS = {
    "resets": ({"resets": True}, 1.1),
    "weight-dropout": ({"weight_dropout": 0.5}, 1.1),
    "recurrent-dropout": ({"recurrent_dropout": 0.3}, 1.1),
    "zoneout": ({"zoneout": 0.1}, 1.2),
}
"""Option -> how it is asked for, and what it may cost."""


def _options() -> Iterator[Row]:
    plain = Contender(name="our plain layer", form="ours.layer", changes={"options": {}}, single_thread=False)
    for (option, (given, cost)), hidden in product(OPTIONS.items(), (128, 256)):
        yield Row(
            name=f"option/{option}/b32/h{hidden}",
            title="What an option costs, LSTM training",
            workload=Workload(cell="lstm", batch=32, hidden=hidden, training=True, options=given),
            ours=OURS,
            peers=(plain,),
            goals=(Goal(ratio=cost, label="our plain layer", cost=True),),
        )


def _bfloat16() -> Iterator[Row]:
    half = Contender(name="torch layer bfloat16", form="torch_layers.layer")
    single = tuple(Contender(name=peer.name, form=peer.form, changes={"dtype": "float32"}) for peer in INFERENCE)
    for cell, batch, hidden in product(("lstm", "gru"), (32, 64), (128, 256, 512)):
        ratio = {"lstm": 1.1, "gru": 1.6}[cell]
        yield Row(
            name=f"bfloat16/{cell}/b{batch}/h{hidden}",
            title=f"{NAMES[cell]} inference, bfloat16",
            workload=Workload(cell=cell, batch=batch, hidden=hidden, dtype="bfloat16"),
            ours=OURS,
            peers=(half, *single),
            goals=(
                Goal(ratio=1.8, label="the best in float32", of=_names(single)),
                Goal(ratio=ratio, label="torch in bfloat16", of=_names((half,))),
            ),
        )


def _bidirectional() -> Iterator[Row]:
    for cell, ratio in (("lstm", 1.2), ("gru", 1.6)):
        yield Row(
            name=f"bidirectional/{cell}/b32/h128",
            title="Training of two bidirectional layers, dropout 0.3",
            workload=Workload(
                cell=cell, batch=32, hidden=128, training=True, layers=2, bidirectional=True, dropout=0.3
            ),
            ours=OURS,
            peers=(LAYER, JAX[0]),
            goals=(Goal(ratio=ratio),),
        )


def _tagging() -> Iterator[Row]:
    packed = Contender(name="packed script", form="tagging.packed", library="torch")
    padded = Contender(name="padded script", form="tagging.padded", library="torch")
    yield Row(
        name="step/tag/b32/h128",
        title="A whole training step of a tagger, lengths 5 to 60",
        workload=Workload(cell="lstm", batch=32, steps=60, hidden=128, training=True, bidirectional=True),
        ours=Contender(name="throughtime", form="tagging.ours", library="throughtime"),
        peers=(packed, padded),
        goals=(
            Goal(ratio=1.4, label="the best script"),
            Goal(ratio=2.5, label="the packed script", of=_names((packed,))),
        ),
    )


ROWS: dict[str, Row] = {
    row.name: row
    for row in chain(
        _inference(),
        _training(),
        _one_row(),
        _ragged(),
        _streamed(),
        _streamed_tensors(),
        _layer_norm(),
        _options(),
        _bfloat16(),
        _bidirectional(),
        _tagging(),
    )
}
"""Name -> row, in the order of the page."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mean:
    """A goal for the geometric mean of several rows."""

    pattern: str
    """The rows' names, as in a shell."""
    title: str
    """What the table calls it."""
    ratio: float
    """The mean ratio aimed at."""


MEANS = (Mean(pattern="inference/lstm/b[36]*", title="LSTM inference, B 32 and 64: geometric mean", ratio=1.05),)


def select(pattern: str | None) -> list[Row]:
    """The rows whose name matches.

    Args:
        pattern: a part of the name, ``*`` and ``[]`` as in a shell; None: all rows.

    Returns:
        The rows, in the order of the page.

    Raises:
        UsageError: no name matches.

    Example:
        >>> [row.name for row in select("bidirectional")]
        ['bidirectional/lstm/b32/h128', 'bidirectional/gru/b32/h128']
    """
    chosen = [row for name, row in ROWS.items() if fnmatchcase(name, f"*{pattern or ''}*")]
    if not chosen:
        parts = sorted({part for name in ROWS for part in name.split("/")} | set(ROWS))
        near = difflib.get_close_matches(str(pattern), parts, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise UsageError(f"--only {pattern!r}: no row has that in its name; {hint}--list shows them all")
    return chosen
