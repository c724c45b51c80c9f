"""ONNX Runtime: a graph of one recurrent node, run with arrays and with bound memory. It only infers."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from throughtime.axes import CARRY, GATES
from throughtime.bench import tensors
from throughtime.bench.workload import Work, Workload

__all__ = ["bound", "bound_step", "run", "run_step"]

ORDERS = {"lstm": (0, 3, 1, 2), "gru": (1, 0, 2), "rnn": (0,)}
"""ONNX's order of the gates, i o f c and z r h, as places in torch's."""

NODES = {"lstm": "LSTM", "gru": "GRU", "rnn": "RNN"}


def _reordered(workload: Workload, array: tensors.Array) -> tensors.Array:
    blocks = np.split(array, len(GATES[workload.cell]))
    return np.concatenate([blocks[place] for place in ORDERS[workload.cell]])


def _initialisers(workload: Workload) -> dict[str, tensors.Array]:
    """W (1, G*H, I), R (1, G*H, H) and B (1, 2*G*H)."""
    p = {name: _reordered(workload, array) for name, array in tensors.parameters(workload).items()}
    biases = np.concatenate([p["bias_ih_l0"], p["bias_hh_l0"]])
    return {"W": p["weight_ih_l0"][None], "R": p["weight_hh_l0"][None], "B": biases[None]}


def _model(workload: Workload, stateful: bool) -> bytes:
    """The graph; a stateful one takes and gives the state."""
    onnx: Any = import_module("onnx")
    make, number = onnx.helper, onnx.TensorProto.FLOAT
    T, B, H = workload.steps, workload.batch, workload.hidden
    parts = CARRY[workload.cell] if stateful else ()
    attributes = {"linear_before_reset": 1} if workload.cell == "gru" else {}
    node = make.make_node(
        NODES[workload.cell],
        ["X", "W", "R", "B", "", *(f"{part}_0" for part in parts)],
        ["Y", *(f"{part}_n" for part in parts)],
        hidden_size=H,
        **attributes,
    )
    state = [make.make_tensor_value_info(f"{part}_0", number, [1, B, H]) for part in parts]
    after = [make.make_tensor_value_info(f"{part}_n", number, [1, B, H]) for part in parts]
    graph = make.make_graph(
        [node],
        workload.cell,
        [make.make_tensor_value_info("X", number, [T, B, H]), *state],
        [make.make_tensor_value_info("Y", number, [T, 1, B, H]), *after],
        [onnx.numpy_helper.from_array(array, name) for name, array in _initialisers(workload).items()],
    )
    return make.make_model(graph, opset_imports=[make.make_opsetid("", 17)], ir_version=9).SerializeToString()


def _session(workload: Workload, stateful: bool) -> Any:
    """A session with as many threads as this process was given.

    Its threads may spin between calls: that is the faster setting for itself, and as every worker is stopped while
    another is timed, they take nothing from anyone.
    """
    runtime: Any = import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS", "1"))
    options.inter_op_num_threads = 1
    return runtime.InferenceSession(_model(workload, stateful), options, providers=["CPUExecutionProvider"])


class _Bound(NamedTuple):
    """A call whose inputs and outputs lie in arrays of ours."""

    binding: Any
    arrays: dict[str, tensors.Array]


def _bound(session: Any, arrays: dict[str, tensors.Array], ins: dict[str, str], outs: dict[str, str]) -> _Bound:
    """Bind names of the graph to arrays by their names; nothing is copied."""
    binding = session.io_binding()
    for name, array in ins.items():
        held = arrays[array]
        binding.bind_input(name, "cpu", 0, np.float32, held.shape, held.ctypes.data)
    for name, array in outs.items():
        held = arrays[array]
        binding.bind_output(name, "cpu", 0, np.float32, held.shape, held.ctypes.data)
    return _Bound(binding, arrays)


def run(workload: Workload) -> Work:
    """One call with arrays.

    Args:
        workload: what is computed.
    """
    session, x = _session(workload, stateful=False), tensors.inputs(workload)
    return lambda: session.run(None, {"X": x})[0][:, 0]


def bound(workload: Workload) -> Work:
    """One call with bound input and output.

    Args:
        workload: what is computed.
    """
    session, x = _session(workload, stateful=False), tensors.inputs(workload)
    y = np.empty((workload.steps, 1, workload.batch, workload.hidden), np.float32)
    call = _bound(session, {"x": x, "y": y}, {"X": "x"}, {"Y": "y"})

    def work() -> tensors.Array:
        session.run_with_iobinding(call.binding)
        return y[:, 0]

    return work


def run_step(workload: Workload) -> Work:
    """One step with arrays; the state it gives is handed back to it.

    Args:
        workload: what is computed.
    """
    session, row, parts = _session(workload, stateful=True), tensors.inputs(workload), CARRY[workload.cell]
    state = {f"{part}_0": np.zeros((1, 1, workload.hidden), np.float32) for part in parts}

    def step() -> tensors.Array:
        y, *after = session.run(None, {"X": row, **state})
        state.update(zip(state, after, strict=True))
        return y[0, 0]

    return step


def bound_step(workload: Workload) -> Work:
    """One step in bound memory: two bindings take turns, each writing the state that the other reads.

    Args:
        workload: what is computed.
    """
    session, row, parts = _session(workload, stateful=True), tensors.inputs(workload)[0], CARRY[workload.cell]
    shape = (1, 1, workload.hidden)
    arrays = {"x": np.empty(shape, np.float32), "y": np.empty((1, *shape), np.float32)}
    arrays |= {f"{part}{turn}": np.zeros(shape, np.float32) for part in parts for turn in (0, 1)}
    turns = [
        _bound(
            session,
            arrays,
            {"X": "x", **{f"{part}_0": f"{part}{turn}" for part in parts}},
            {"Y": "y", **{f"{part}_n": f"{part}{1 - turn}" for part in parts}},
        )
        for turn in (0, 1)
    ]
    turn = 0

    def step() -> tensors.Array:
        nonlocal turn
        arrays["x"][0] = row
        session.run_with_iobinding(turns[turn].binding)
        turn = 1 - turn
        return arrays["y"][0, 0]

    return step
