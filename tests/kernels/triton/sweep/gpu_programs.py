"""Programs of the sweep through Triton's compiler, without a GPU: a script, for they must not be the interpreter's.

Usage: gpu_programs.py NAME...     (prints JSON: program -> registers of a thread, bytes that it spills, bytes shared)
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

PLAIN: dict[str, Any] = {
    "normed": False, "peepholes": False, "projected": False, "shifted": False, "resets": False, "restart": False,
    "zone_h": 0, "zone_c": 0, "drops": False, "dense": True, "keeps": True, "precision": "ieee", "resident": True,
}  # fmt: skip
NOISY: dict[str, Any] = {"resets": True, "restart": True, "zone_h": 1, "drops": True, "dense": False}
NORMED: dict[str, Any] = {"normed": True, "shifted": True}

VARIANTS: dict[str, dict[str, Any]] = {
    **{f"lstm {hidden} bf16": {"hidden": hidden} for hidden in (37, 128, 256, 512, 1024, 2048)},
    "lstm 512 fp16": {"hidden": 512, "type": "fp16"},
    "lstm 256 tf32": {"hidden": 256, "type": "fp32", "precision": "tf32"},
    "lstm 512 tf32": {"hidden": 512, "type": "fp32", "precision": "tf32"},
    "lstm 256 fp32": {"hidden": 256, "type": "fp32"},
    "lstm 256 bf16, 256 rows": {"hidden": 256, "batch": 256},
    "lstm 256 bf16, inference": {"hidden": 256, "keeps": False},
    "lstm 256 bf16, ragged, resets": {"hidden": 256, "dense": False, "resets": True},
    "lstm 256 bf16, noise": {"hidden": 256, **NOISY, "zone_c": 1, "directions": 2},
    "lstm 256 bf16, expectation": {"hidden": 256, "zone_h": 2, "zone_c": 2},
    "lstm 256 bf16, norm": {"hidden": 256, **NORMED},
    "lstm 512 bf16, norm": {"hidden": 512, **NORMED},
    "lstm 256 bf16, all": {
        "hidden": 256, "width": 128, "peepholes": True, "projected": True, "zone_c": 1, "directions": 2, **NOISY,
        **NORMED,
    },
    "gru 128 bf16": {"cell": "gru", "hidden": 128, "shifted": True},
    "gru 256 bf16": {"cell": "gru", "hidden": 256, "shifted": True},
    "gru 512 bf16": {"cell": "gru", "hidden": 512, "shifted": True},
    "gru 256 bf16, all": {
        "cell": "gru", "hidden": 256, "width": 100, "projected": True, "zone_c": 1, **NOISY, **NORMED,
    },
    "gru before 256 bf16": {"cell": "gru_reset_before", "hidden": 256},
    "gru before 256 bf16, all": {"cell": "gru_reset_before", "hidden": 256, **NOISY, **NORMED},
    "elman 256 bf16": {"cell": "rnn_tanh", "hidden": 256},
    "elman 512 tf32": {"cell": "rnn_relu", "hidden": 512, "type": "fp32", "precision": "tf32"},
    "elman 256 bf16, all": {"cell": "rnn_tanh", "hidden": 256, **NOISY, **NORMED},
}  # fmt: skip
"""Name -> sizes, and facts that are not as in PLAIN."""

GPUS = {80: (108, 166912), 90: (132, 232448)}
"""Compute capability -> multiprocessors, bytes of shared memory that a program may have: an A100's, an H100's."""

_FLOATS = {
    "gain", "shift", "gain_n", "shift_n", "gain_c", "shift_c", "peepholes", "restart_h", "restart_c", "carry_h",
    "carry_c", "board", "memory", "stats", "sums",
}  # fmt: skip
_WHOLE = {"starts": "*i64", "row_ids": "*i64", "lengths": "*i32", "counters": "*i32", "resets": "*u8"}
_FRACTIONS = {"p_h", "p_c", "hidden_scale"}


def planned(name: str, capability: int) -> tuple[Any, str]:
    """The plan of a variant on a GPU, and the type of its numbers."""
    from throughtime.kernels.triton.sweep.plan import Shape, planned

    facts = {"cell": "lstm", "batch": 64, "directions": 1, "type": "bf16", **VARIANTS[name]}
    kind, hidden = facts.pop("type"), facts.pop("hidden")
    processors, shared = GPUS[capability]
    shape = Shape(
        cell=facts.pop("cell"), hidden=hidden, width=facts.pop("width", hidden), item=4 if kind == "fp32" else 2,
        batch=facts.pop("batch"), directions=facts.pop("directions"), processors=processors, shared=shared,
    )  # fmt: skip
    return planned(shape, **{**PLAIN, **facts}), kind


def absent(plan: Any) -> set[str]:
    """Arguments that a call of this plan does not have, and hands over as None."""
    there = {
        "starts": not plan.dense, "lengths": not plan.dense, "resets": plan.resets, "row_ids": plan.noisy,
        "restart_h": plan.restart, "restart_c": plan.restart and plan.memory, "carry_c": plan.memory,
        "gain": plan.normed, "shift": plan.shifted, "peepholes": plan.peepholes, "w_r": plan.projected,
        "fresh": plan.projected, "grad_m": plan.projected, "grad_gates": plan.apart, "sums": any(plan.sums),
        "gates": plan.keeps, "memory": plan.keeps and plan.cell != "rnn", "normed": plan.keeps and plan.normed,
        "stats": plan.keeps and plan.normed, "normed_n": plan.keeps and plan.norms_n,
        **dict.fromkeys(("w_n", "reset_h", "grad_n"), plan.cell == "gru_before"),
        **dict.fromkeys(("gain_n", "shift_n"), plan.norms_n), **dict.fromkeys(("gain_c", "shift_c"), plan.norms_c),
    }  # fmt: skip
    return {name for name, given in there.items() if not given}


def compiled(function: Any, plan: Any, kind: str, capability: int, warps: int) -> list[int]:
    """Registers of a thread, bytes that it spills, bytes that a program shares."""
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    from throughtime.kernels.triton.sweep.loop import SCALARS

    missing = absent(plan)

    def of(name: str) -> str:
        if name == "V" or name in missing:
            return "constexpr"
        if name in _FRACTIONS:
            return "fp32"
        return "i32" if name in SCALARS else _WHOLE.get(name, "*fp32" if name in _FLOATS else f"*{kind}")

    signature = {name: of(name) for name in function.arg_names}
    aligned = {(k,): [["tt.divisibility", 16]] for k, name in enumerate(signature) if signature[name].startswith("*")}
    constants = {"V": plan, **{name: None for name in function.arg_names if name in missing}}
    source = ASTSource(function, signature, constexprs=constants, attrs=aligned)
    options = {"num_warps": warps, "num_stages": 1, "launch_cooperative_grid": True}
    made = triton.compile(source, target=GPUTarget("cuda", capability, 32), options=options)
    meets = ("ld.acquire.gpu.global", r"(red|atom)\.global\.gpu\.release\.add", r"ld\.global\.cg")
    assert all(re.search(what, made.asm["ptx"]) for what in meets), "what others wrote is not read as it must be"
    return [*_resources(made.asm["cubin"]), made.metadata.shared]


def _resources(cubin: bytes) -> tuple[int, int]:
    import triton

    tool = Path(triton.__file__).parent / "backends" / "nvidia" / "bin" / "cuobjdump"
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(cubin)
        file.flush()
        told = subprocess.run([tool, "-res-usage", file.name], capture_output=True, text=True, check=True).stdout
    found = re.search(r"REG:(\d+) STACK:(\d+)", told)
    assert found is not None, told
    return int(found[1]), int(found[2])


def main(names: list[str]) -> None:
    from throughtime.kernels.triton.sweep.backward import backward
    from throughtime.kernels.triton.sweep.forward import forward

    found: dict[str, list[int]] = {}
    for name in names:
        for capability in GPUS:
            plan, kind = planned(name, capability)
            found[f"{name} forward sm_{capability}"] = compiled(forward, plan, kind, capability, plan.warps)
            if plan.keeps:
                back = compiled(backward, plan, kind, capability, plan.back_warps)
                found[f"{name} backward sm_{capability}"] = back
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1:])
