"""All forms of a workload compute the same: a peer that did less would be no peer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from importlib.util import find_spec
from itertools import groupby
from typing import Any

import numpy as np
import pytest

from throughtime.bench.catalogue import ROWS
from throughtime.bench.peers import jax_layers, jax_scan, onnx_graphs, ours, tagging, torch_layers, torch_norm
from throughtime.bench.pool import Pool
from throughtime.bench.row import Contender
from throughtime.bench.workload import Workload

Answer = Callable[[str, Workload], np.ndarray[Any, Any]]

SMALL = Workload(cell="lstm", batch=3, hidden=8, steps=12)
TOLERANCE = 2e-5
"""Rounding of float32 over a dozen steps; gradients here are of order one."""


@pytest.fixture
def answer(pool: Pool) -> Answer:
    """What a form computes, in a process of its library's."""

    def ask(form: str, workload: Workload) -> np.ndarray[Any, Any]:
        library = "torch" if form.startswith("tagging") else Contender(name=form, form=form).process
        prepared = pool.ask(library, 1, do="prepare", key="a", form=form, workload=asdict(workload))
        assert "seconds" in prepared, prepared
        return np.array(pool.ask(library, 1, do="result", key="a")["result"])

    return ask


def form(name: str, *packages: str) -> Any:
    missing = [package for package in packages if find_spec(package) is None]
    absent = pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)} (throughtime[bench])")
    return pytest.param(name, marks=absent)


SCAN = form("jax_scan.scan", "jax")
LAYERS = ["torch_layers.cells", "ours.layer", SCAN, form("jax_layers.keras", "keras", "jax")]
RUNTIMES = [form(f"onnx_graphs.{name}", "onnx", "onnxruntime") for name in ("run", "bound")]
STEPS = [
    *("torch_layers.cell_numpy_step", "torch_layers.layer_step", "ours.stream_torch"),
    *(form(f"onnx_graphs.{name}", "onnx", "onnxruntime") for name in ("run_step", "bound_step")),
    form("jax_scan.step", "jax"),
]


def same_layout(told: np.ndarray[Any, Any], expected: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Keras has the batch first."""
    return told if told.shape == expected.shape else told.swapaxes(0, 1)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("form", [*LAYERS, *RUNTIMES])
def test_inference(answer: Answer, form: str, cell: str) -> None:
    workload = replace(SMALL, cell=cell)
    expected = answer("torch_layers.layer", workload)
    np.testing.assert_allclose(same_layout(answer(form, workload), expected), expected, atol=TOLERANCE)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("form", [*LAYERS, "torch_layers.packed"])
def test_training(answer: Answer, form: str, cell: str, ragged: bool) -> None:
    workload = replace(SMALL, cell=cell, training=True, ragged=ragged)
    expected = answer("torch_layers.layer", workload)
    np.testing.assert_allclose(same_layout(answer(form, workload), expected), expected, atol=TOLERANCE)


@pytest.mark.parametrize("form", ["ours.layer", SCAN])
def test_two_bidirectional_layers(answer: Answer, form: str) -> None:
    workload = replace(SMALL, layers=2, bidirectional=True)
    np.testing.assert_allclose(answer(form, workload), answer("torch_layers.layer", workload), atol=TOLERANCE)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("form", [form("jax_layers.flax", "flax", "jax")])
def test_flax_runs_on_weights_of_its_own(answer: Answer, form: str, cell: str) -> None:
    for training in (False, True):
        assert answer(form, replace(SMALL, cell=cell, training=training)).shape == (12, 3, 8)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("form", STEPS)
def test_steps_carry_the_state(answer: Answer, form: str, cell: str) -> None:
    """Each form has made the same number of steps when its answer is asked for."""
    workload = Workload(cell=cell, batch=1, hidden=8, steps=1)
    np.testing.assert_allclose(answer(form, workload), answer("torch_layers.cell_step", workload), atol=TOLERANCE)


def test_the_loop_with_layer_norm_is_ours(answer: Answer) -> None:
    workload = replace(SMALL, training=True)
    normed = answer("ours.layer", replace(workload, options={"layer_norm": True}))
    np.testing.assert_allclose(answer("torch_norm.eager", workload), normed, atol=1e-4)


@pytest.mark.parametrize("options", [{"resets": True}, {"zoneout": 0.1}, {"weight_dropout": 0.5}])
def test_options_change_what_is_computed(answer: Answer, options: dict[str, Any]) -> None:
    workload = replace(SMALL, steps=60, training=True)
    changed = answer("ours.layer", replace(workload, options=options))
    assert np.abs(changed - answer("ours.layer", workload)).max() > 1e-3


@pytest.mark.parametrize("script", [tagging.ours, tagging.packed, tagging.padded])
def test_the_taggers_learn(script: Callable[[Workload], Callable[[], float]]) -> None:
    step = script(Workload(cell="lstm", batch=4, hidden=8))
    losses = [step() for _ in range(32)]
    assert losses[0] == pytest.approx(np.log(tagging.TAGS), rel=0.2)
    assert np.mean(losses[-8:]) < np.mean(losses[:8])


def test_operations() -> None:
    inference = Workload(cell="gru", batch=2, hidden=8, steps=5)
    assert inference.operations == 2 * 3 * 8 * 16 * 10
    assert replace(inference, training=True).operations == 3 * inference.operations
    wide = replace(inference, layers=2, bidirectional=True)
    assert wide.operations == 2 * 3 * 8 * (16 + 24) * 10 * 2
    ragged = replace(inference, steps=100, ragged=True)
    assert ragged.operations == 2 * 3 * 8 * 16 * sum(ragged.lengths)
    assert all(10 <= length <= 100 for length in ragged.lengths)


def test_every_form_of_the_catalogue_is_a_function() -> None:
    modules = {module.__name__.split(".")[-1]: module for module in (ours, torch_layers, torch_norm, onnx_graphs)}
    modules |= {"jax_scan": jax_scan, "jax_layers": jax_layers, "tagging": tagging}
    for row in ROWS.values():
        for contender in (row.ours, *row.peers):
            module, function = contender.form.split(".")
            assert callable(getattr(modules[module], function)), contender
            assert contender.process
        known = {peer.name for peer in row.peers}
        assert all(set(goal.of) <= known for goal in row.goals), row.name


def test_the_rows_of_a_table_stand_together() -> None:
    titles = [title for title, _ in groupby(row.title for row in ROWS.values())]
    assert len(titles) == len(set(titles))
