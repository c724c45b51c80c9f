"""A character model with every cell at the LSTM's number of parameters: bits a character against tokens a second.

python benchmarks/cells.py TEXT [--cells mingru,rglru] [--seeds 0,1,2] [--rates 0.008,0.004] [--rounds 5]

Each cell has what suits it around it (``throughtime.models.parts.cells``); its units are as many as give it the
parameters of an LSTM of ``--hidden`` units. Each is learned by ``fit generate`` with the same windows, steps and other
options, and with that one of some learning rates that is the best for it with the first seed. Then speeds are taken,
cells and the LSTM taking turns as whole processes, on one thread, in tokens a second of processor time. Writes
benchmarks/results/cells.json and docs/cells.svg, and prints the table of docs/results.md.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch

from throughtime.bench.results import conditions, write
from throughtime.models.language_model import LanguageModel
from throughtime.models.parts.cells import CELLS
from throughtime.tasks import config_class
from throughtime.training.pages.charts import ticks, widened
from throughtime.training.pages.drawing import LINE, TEXT, Drawing

HERE = Path(__file__).parent
BASE = "lstm"
GOALS = {"bits": 1.03, "speed": 1.15}
"""What a cell is to be beside the LSTM: at most so many times its bits, at least so many times its tokens a second."""
UNITS = 8
"""Units are a multiple of it, so that lanes are full."""
WARM = 5
"""Steps that are not timed."""
LEARN = """
import json, sys, time
import throughtime as tt
from throughtime.training.reporter import SilentReporter

class Clock(SilentReporter):
    # Times the steps after the first few in processor time.
    def stepped(self, report):
        if report.step == WARM:
            self.start, self.tokens = time.process_time(), report.tokens
        elif report.step > WARM:
            self.speed = (report.tokens - self.tokens) / (time.process_time() - self.start)

options, clock = json.loads(sys.argv[2]), Clock()
run = tt.fit("generate", sys.argv[1], out=sys.argv[3], reporter=clock, sample_every=0, rival=False, **options)
if run.status != "finished":
    sys.exit(f"a run was {run.status}: its figures would be those of another recipe")
print(json.dumps({"bits": run.metrics["bits_per_character"], "tokens_per_second": clock.speed}))
""".replace("WARM", str(WARM))


def parameters(tokens: int, options: dict[str, Any]) -> int:
    """How many a model has; none is made."""
    config = config_class("generate")(**options)
    with torch.device("meta"):
        model = LanguageModel(
            tokens, embedding_size=config.embedding, hidden_size=config.hidden, tied=config.tied, **config.recurrent()
        )
    return sum(parameter.numel() for parameter in model.parameters())


def as_large(tokens: int, cell: str, wanted: int) -> int:
    """The units that give a cell about so many parameters."""

    def off(hidden: int) -> int:
        return abs(parameters(tokens, {"cell": cell, "hidden": hidden}) - wanted)

    return min(range(UNITS, 4096, UNITS), key=off)


def learned(text: Path, options: dict[str, Any]) -> dict[str, float]:
    """Learn in a process of its own, on one thread."""
    alone = {**os.environ, "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", LEARN, str(text), json.dumps(options), f"{folder}/run"]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=alone)
    return json.loads(done.stdout.splitlines()[-1])


def best_of(
    text: Path, options: dict[str, Any], rates: list[float], seeds: list[int], epochs: float
) -> tuple[float, list[float]]:
    """The rate that is best with the first seed, and the bits of all seeds at it; one that ends in no number is out."""
    bits: dict[float, list[float]] = {}
    for rate in rates:
        try:
            bits[rate] = [learned(text, {**options, "learning_rate": rate, "epochs": epochs, "seed": seeds[0]})["bits"]]
        except subprocess.CalledProcessError:
            print(f"{options['cell']} learns nothing at a rate of {rate:g}", flush=True)
    best = min(bits, key=lambda rate: bits[rate][0])
    for seed in seeds[1:]:
        bits[best].append(learned(text, {**options, "learning_rate": best, "epochs": epochs, "seed": seed})["bits"])
    return best, bits[best]


def speeds(text: Path, chosen: dict[str, dict[str, Any]], rounds: int, steps: int) -> dict[str, list[float]]:
    """Tokens a second of each cell, round by round; all cells are in every round."""
    short = {"steps": steps + WARM, "validate_every": 1_000_000, "checkpoint_every": 1e9}
    found: dict[str, list[float]] = {cell: [] for cell in chosen}
    for _ in range(rounds):
        for cell, options in chosen.items():
            found[cell].append(learned(text, {**options, **short})["tokens_per_second"])
    return found


def rows_of(
    chosen: dict[str, dict[str, Any]],
    sizes: dict[str, int],
    bits: dict[str, list[float]],
    speed: dict[str, list[float]],
) -> list[dict[str, Any]]:
    """What is known of each cell, beside the LSTM."""
    base = statistics.mean(bits[BASE])
    rows = []
    for cell, options in chosen.items():
        config = config_class("generate")(**options)
        ratios = [own / other for own, other in zip(speed[cell], speed[BASE], strict=True)]
        rows.append(
            {
                "cell": cell, "hidden": config.hidden, "layers": config.layers, "around": config.around(),
                "learning_rate": config.learning_rate,
                "parameters": sizes[cell], "bits": bits[cell], "bits_ratio": statistics.mean(bits[cell]) / base,
                "tokens_per_second": statistics.median(speed[cell]), "speed_ratio": statistics.median(ratios),
            }
        )  # fmt: skip
    return rows


def table(rows: list[dict[str, Any]]) -> list[str]:
    lines = [
        "| cell | units | layers | parameters | rate | bits a character | to the LSTM's | tokens a second | times |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        mean = statistics.mean(row["bits"])
        each = f" ({', '.join(f'{bits:.3f}' for bits in row['bits'])})" if len(row["bits"]) > 1 else ""
        lines.append(
            f"| {row['cell']} | {row['hidden']} | {row['layers']} | {row['parameters']:,} | {row['learning_rate']:g} | "
            f"{mean:.3f}{each} | "
            f"{100 * (row['bits_ratio'] - 1):+.1f} % | {row['tokens_per_second']:,.0f} | {row['speed_ratio']:.2f} |"
        )
    return lines


def picture(rows: list[dict[str, Any]], width: float = 648.0, height: float = 360.0) -> str:
    """Bits against tokens a second, a dot for each cell; what meets both goals is in the marked corner."""
    left, top, right, bottom = 56.0, 14.0, 40.0, 44.0
    drawing = Drawing(width, height)
    points = {row["cell"]: (row["tokens_per_second"], statistics.mean(row["bits"])) for row in rows}
    across, up = (widened(list(values), 0.08) for values in zip(*points.values(), strict=True))

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            left + (x - across[0]) / (across[1] - across[0]) * (width - left - right),
            top + (up[1] - y) / (up[1] - up[0]) * (height - top - bottom),
        )

    for number, words in zip(*ticks(*up, 6), strict=True):
        drawing.line([place(across[0], number), place(across[1], number)], LINE)
        drawing.text((left - 6, place(across[0], number)[1]), words, anchor="end")
    for number, words in zip(*ticks(*across, 6, whole=True), strict=True):
        drawing.line([place(number, up[0]), place(number, up[1])], LINE)
        drawing.text((place(number, up[0])[0], height - bottom + 12), words, anchor="middle")
    drawing.text(
        ((left + width - right) / 2, height - 10), "tokens a second, in training, on one thread", anchor="middle"
    )
    drawing.text((9, (top + height - bottom) / 2), "bits a character", anchor="middle", turned=-90)
    speed, bits = points[BASE]
    if speed * GOALS["speed"] < across[1]:
        (x, y), (end_x, end_y) = place(speed * GOALS["speed"], bits * GOALS["bits"]), place(across[1], up[0])
        drawing.rectangle((x, y), (end_x - x, end_y - y), fill=LINE, opacity=0.35, edge=LINE)
    for cell, point in points.items():
        x, y = place(*point)
        drawing.dot((x, y), TEXT)
        drawing.text((x + 6, y), cell)
    return drawing.svg()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text", type=Path)
    parser.add_argument("--cells", default=",".join(CELLS), help="cells beside the LSTM, with commas between")
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--rates", default="0.008,0.004", help="learning rates to choose from")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=40, help="timed steps of a round")
    parser.add_argument("--hidden", type=int, default=512, help="units of the LSTM, whose parameters all have")
    parser.add_argument("--epochs", type=float, default=7.0)
    parser.add_argument("--lanes", type=int, default=8)
    parser.add_argument("--tbptt", type=int, default=256)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "cells.json")
    parser.add_argument("--picture", type=Path, default=HERE.parent / "docs" / "cells.svg")
    given = parser.parse_args()
    cells = [BASE, *(cell for cell in given.cells.split(",") if cell != BASE)]
    tokens = len(set(given.text.read_text(encoding="utf-8"))) + 2  # and what is unknown, and where a document starts
    sizes = {BASE: parameters(tokens, {"hidden": given.hidden})}
    shared = {"lanes": given.lanes, "tbptt": given.tbptt}
    chosen: dict[str, dict[str, Any]] = {BASE: {"cell": BASE, "hidden": given.hidden, **shared}}
    for cell in cells[1:]:
        hidden = as_large(tokens, cell, sizes[BASE])
        chosen[cell] = {"cell": cell, "hidden": hidden, **shared}
        sizes[cell] = parameters(tokens, {"cell": cell, "hidden": hidden})
    bits: dict[str, list[float]] = {}
    rates, seeds = [float(rate) for rate in given.rates.split(",")], [int(seed) for seed in given.seeds.split(",")]
    for cell, options in chosen.items():
        options["learning_rate"], bits[cell] = best_of(given.text, options, rates, seeds, given.epochs)
        each = ", ".join(f"{number:.3f}" for number in bits[cell])
        rate = options["learning_rate"]
        print(f"{cell}: {sizes[cell]:,} parameters, {each} bits a character at a rate of {rate:g}", flush=True)
    rows = rows_of(chosen, sizes, bits, speeds(given.text, chosen, given.rounds, given.steps))
    command = shlex.join(["python", "benchmarks/cells.py", given.text.name, *sys.argv[2:]])
    write(given.out, {"command": command, "conditions": conditions() | {"rounds": given.rounds}, "rows": rows})
    given.picture.write_text(picture(rows), encoding="utf-8")
    print("\n".join(table(rows)))


if __name__ == "__main__":
    main()
