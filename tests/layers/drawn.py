"""Whole configurations of a layer and a batch, as Hypothesis draws them."""

from __future__ import annotations

from typing import Any

from cases import Case
from hypothesis import HealthCheck
from hypothesis import strategies as st
from makers import DENSE, MAKERS, able

__all__ = ["cases", "quiet"]

rates = st.sampled_from([0.0, 0.25, 0.5])
quiet = {"database": None, "deadline": None, "suppress_health_check": list(HealthCheck)}


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Any cell with any options that it has, in any form of batch."""
    cell = draw(st.sampled_from(sorted(MAKERS)))
    layers = draw(st.integers(1, 3))
    options: dict[str, Any] = {
        "num_layers": layers,
        "bias": draw(st.booleans()),
        "bidirectional": draw(st.booleans()),
        "layer_norm": draw(st.sampled_from([False, False, True])),
        "zoneout": draw(st.one_of(rates, st.tuples(rates, rates) if cell == "lstm" else rates)),
        "recurrent_dropout": draw(rates),
        "weight_dropout": draw(rates),
        "input_dropout": draw(rates),
        "initial_state": draw(st.sampled_from(["zeros", "learned"])),
    }
    # Under 3 a layer norm has nothing to normalise.
    widths = st.sampled_from([4, 6]) if cell == "slstm_2" else st.integers(3, 6)
    hidden: int | tuple[int, ...] = draw(widths)
    options["pre_norm"], options["feed_forward"] = draw(st.booleans()), draw(st.sampled_from([0, 0, 2, 5]))
    around = options["pre_norm"] or options["feed_forward"]
    if layers > 1:
        options["variational_dropout"] = draw(rates)
        options["residual"] = draw(st.booleans())
        if not options["residual"]:
            hidden = draw(st.one_of(widths, st.tuples(*[widths] * layers)))
    if cell == "lstm":
        options["peepholes"] = draw(st.booleans())
    if cell in ("lstm", "gru"):
        options["proj_size"] = draw(st.sampled_from([0] if around else [0, 0, 1, 2]))
    form = draw(st.sampled_from(["padded", "padded", "padded", "packed", "nested", "unbatched"]))
    shortest = 0 if form == "padded" else 1
    if form == "unbatched":
        lengths = (draw(st.integers(1, 6)),)
    else:
        lengths = tuple(draw(st.lists(st.integers(shortest, 6), min_size=1, max_size=4)))
    return Case(
        cell=cell,
        input_size=draw(st.integers(3 if options["pre_norm"] else 1, 4)),
        hidden=hidden,
        options=able(cell, options),
        lengths=lengths,
        steps=max(max(lengths) + (draw(st.integers(0, 2)) if form == "padded" else 0), 0 if cell in DENSE else 1),
        form=form,
        batch_first=draw(st.booleans()),
        resets=draw(st.booleans()),
        state=draw(st.booleans()),
        training=draw(st.booleans()),
        seed=draw(st.integers(0, 10**6)),
    )
