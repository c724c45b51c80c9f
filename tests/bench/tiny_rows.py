"""Four small rows: one sure of its goals, one whose peer is missing, a cost, and one that fails."""

from __future__ import annotations

from throughtime.bench.row import Contender, Goal, Row
from throughtime.bench.workload import Workload

TINY = Workload(cell="lstm", batch=2, hidden=8, steps=4)


def contender(name: str, form: str) -> Contender:
    return Contender(name=name, form=form, library="torch")


def row(name: str, ours: str, peers: list[Contender], goals: list[Goal], workload: Workload = TINY) -> Row:
    us = Contender(name="throughtime", form=ours, library="throughtime")
    return Row(name=name, title="Tiny", workload=workload, ours=us, peers=tuple(peers), goals=tuple(goals), paused=True)


LAYER = contender("torch layer", "torch_layers.layer")
CELLS = contender("torch cells", "torch_layers.cells")
NOWHERE = contender("nowhere", "nowhere.layer")
BROKEN = contender("broken", "torch_layers.no_such_form")

ROWS = [
    row(
        "tiny/sure", "ours.layer", [LAYER, CELLS], [Goal(ratio=1e-6), Goal(ratio=1e6, label="cells", of=(CELLS.name,))]
    ),
    row("tiny/missing", "ours.layer", [LAYER, NOWHERE], [Goal(ratio=1.0, label="nowhere", of=("nowhere",))]),
    row("tiny/cost", "ours.layer", [LAYER, BROKEN], [Goal(ratio=1e6, label="torch", cost=True)]),
    row("tiny/failing", "torch_layers.no_such_form", [LAYER], [Goal(ratio=1.0)]),
]
