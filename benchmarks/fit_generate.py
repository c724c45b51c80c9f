"""``fit generate`` beside the plain PyTorch script of plain_char_lstm.py: tokens per second and peak memory.

python benchmarks/fit_generate.py TEXT [--rounds 3]: the two take turns as whole processes, with the same text, sizes,
batch, window and number of steps. Writes benchmarks/results/fit_generate.json, which ``throughtime bench report`` puts
into docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import shlex
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from throughtime.bench.page import fit_table
from throughtime.bench.results import conditions, write

GOALS = {"tokens_per_second": 1.15}
"""Figure -> the ratio ours/plain aimed at."""
HERE = Path(__file__).parent
OURS = """
import json, resource, sys, time
import throughtime as tt
from throughtime.training.reporter import SilentReporter

class Clock(SilentReporter):
    # Times the steps after the first five, as the plain script does.
    def stepped(self, report):
        now = time.perf_counter()
        if report.step == 5:
            self.start, self.tokens = now, report.tokens
        self.speed = (report.tokens - self.tokens) / (now - self.start) if report.step > 5 else 0.0
        if report.step == report.total_steps:
            self.peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

options = json.loads(sys.argv[2])
clock = Clock()
tt.fit("generate", sys.argv[1], out=sys.argv[3], reporter=clock, sample_every=0, checkpoint_every=1e9, **options)
print(json.dumps({"tokens_per_second": clock.speed, "peak_mib": clock.peak}))
"""


def outcome(command: list[str]) -> dict[str, float]:
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def ours(text: Path, options: dict[str, Any]) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        options = {**options, "steps": options["steps"] + 5}
        return outcome([sys.executable, "-c", OURS, str(text), json.dumps(options), f"{folder}/run"])


def plain(text: Path, options: dict[str, Any]) -> dict[str, float]:
    names = {"tbptt": "window"}
    flags = [word for name, value in options.items() for word in (f"--{names.get(name, name)}", str(value))]
    return outcome([sys.executable, str(HERE / "plain_char_lstm.py"), str(text), *flags])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("text", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "fit_generate.json")
    arguments = parser.parse_args()
    options = {"hidden": 512, "embedding": 128, "lanes": 32, "tbptt": 64, "dropout": 0.3, "steps": arguments.steps}
    rounds = [(ours(arguments.text, options), plain(arguments.text, options)) for _ in range(arguments.rounds)]
    rows = [
        {
            "figure": figure,
            "goal": GOALS.get(figure),
            "ours": statistics.median(own[figure] for own, _ in rounds),
            "plain": statistics.median(other[figure] for _, other in rounds),
            "ours/plain": statistics.median(own[figure] / other[figure] for own, other in rounds),
        }
        for figure in ("tokens_per_second", "peak_mib")
    ]
    flags = ["--rounds", str(arguments.rounds), "--steps", str(arguments.steps)]
    command = shlex.join(["python", "benchmarks/fit_generate.py", arguments.text.name, *flags])
    results = {"command": command, "conditions": conditions() | {"rounds": arguments.rounds}, "rows": rows}
    write(arguments.out, results)
    print("\n".join(fit_table(results)))


if __name__ == "__main__":
    main()
