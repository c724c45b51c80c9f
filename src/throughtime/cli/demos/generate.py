"""The demo ``generate``: an LSTM learns to write Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console

from throughtime.cli.demos.demo import Demo
from throughtime.data.demos.python_modules import standard_library

__all__ = ["DEMO"]


def _show(console: Console, run: Any, data: Path) -> None:
    """Show a text that the network writes, and its score."""
    console.rule("a sample")
    console.print(run.generate(length=400, temperature=0.7, seed=1), markup=False, soft_wrap=True)
    console.rule()
    bits = run.metrics["bits_per_character"]
    console.print(f"validation: {bits:.3f} bits per character (a uniform guess over bytes would need 8)", markup=False)


DEMO = Demo(
    task="generate",
    summary="an LSTM learns to write Python",
    source="source files of this Python's own library (PSF licence)",
    data=standard_library,
    options={
        "hidden": 192,
        "embedding": 64,
        "lanes": 16,
        "tbptt": 64,
        "dropout": 0.0,
        "learning_rate": 4e-3,
        "epochs": 3,
        "sample_every": 200,
        "validate_every": 300,
    },
    max_minutes=2.25,
    show=_show,
    next=(
        'throughtime generate {run} --prompt "def " --temperature 0.7',
        "throughtime describe {run}",
        "throughtime fit generate YOUR_TEXT.txt --out runs/mine",
    ),
)
