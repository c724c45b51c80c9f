"""How fast the lab answers, in Chromium: from a key to new colours, and frames while one goes over the text.

    .venv/bin/python benchmarks/lab.py [--steps 2000] [--hidden 256] [--json FILE]

A run is learned for one step, for speed does not depend on what weights are. The server is a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from throughtime.runs import fit
from throughtime.training.reporter import SilentReporter

LETTERS = "It was a dark night; no one saw it coming. "
KEYS, SCRUBBED = 40, 240
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


def made(folder: Path, hidden: int, both_ways: bool) -> Path:
    """A run of that size: one way a language model, both ways a classifier."""
    how: dict[str, Any] = {"hidden": hidden, "steps": 1, "rival": False, "device": "cpu", "reporter": SilentReporter()}
    path = folder / f"run-{both_ways}"
    if not both_ways:
        fit("generate", text=LETTERS * 100, out=path, lanes=2, tbptt=16, sample_every=0, **how)
        return path
    table = folder / "t.csv"
    table.write_text("text,label\n" + "so good,a\nso bad,b\n" * 30)
    fit("classify", data=table, out=path, bidirectional=True, unit="characters", **how)
    return path


def keys(page: Any, text: str) -> list[float]:
    """Milliseconds from each key at the end of a text to new colours, the frame that shows them included."""
    page.fill("#text", text)
    page.wait_for_selector(f"#text[data-read='{len(text)}']", timeout=60_000)
    page.focus("#text")
    return page.evaluate(
        """async (keys) => {
            const field = document.getElementById("text"), found = [];
            const frame = () => new Promise((go) => requestAnimationFrame(go));
            for (let key = 0; key < keys; key += 1) {
                const began = performance.now(), wanted = field.value.length + 1;
                field.setRangeText("so"[key % 2], field.value.length, field.value.length, "end");
                field.dispatchEvent(new InputEvent("input"));
                while (Number(field.dataset.read) !== wanted) await frame();
                found.push(performance.now() - began);
                await new Promise((go) => setTimeout(go, 120));
            }
            return found;
        }""",
        KEYS,
    )


def frames(page: Any) -> list[float]:
    """Milliseconds of each frame while the step goes over the text."""
    return page.evaluate(
        """async (count) => {
            const field = document.getElementById("step"), found = [];
            let before = await new Promise((go) => requestAnimationFrame(go));
            for (let place = 0; place < count; place += 1) {
                field.value = Math.floor((place / count) * Number(field.max));
                field.dispatchEvent(new InputEvent("input"));
                const now = await new Promise((go) => requestAnimationFrame(go));
                found.push(now - before);
                before = now;
            }
            return found;
        }""",
        SCRUBBED,
    )


def measured(run: Path, text: str) -> dict[str, float]:
    """What a page does with a run."""
    command = [sys.executable, "-m", "throughtime", "lab", str(run), "--no-open", "--port", "0"]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ)
    try:
        assert server.stderr is not None
        found = re.match(r"lab: (\S+) ", server.stderr.readline())
        assert found, "the lab did not start"
        with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
            browser = playwright.chromium.launch_persistent_context(
                folder, executable_path=shutil.which("chromium"), args=ARGUMENTS, headless=True
            )
            page, began = browser.pages[0], time.perf_counter()
            page.goto(found[1])
            page.wait_for_selector("#text")
            page.wait_for_selector("#run option", state="attached")
            first = time.perf_counter() - began
            typed, scrubbed = keys(page, text), frames(page)
            browser.close()
    finally:
        server.kill()
        server.communicate()
    late = sorted(scrubbed)[int(0.95 * len(scrubbed))]
    return {
        "first_view_s": first,
        "key_to_colours_ms": statistics.median(typed),
        "slowest_key_ms": max(typed),
        "frame_ms": statistics.median(scrubbed),
        "frame_95_percent_ms": late,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--both-ways", type=int, default=200, help="steps of the text that is read both ways")
    parser.add_argument("--hidden", type=int, default=256)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found: dict[str, dict[str, float]] = {}
        for name, both, steps in (("one way", False, given.steps), ("both ways", True, given.both_ways)):
            letters = "so good " if both else LETTERS
            text = (letters * steps)[: steps - KEYS - 1]
            found[name] = measured(made(Path(folder), given.hidden, both), text)
            print(
                f"{name}, H {given.hidden}, {steps} steps: " + ", ".join(f"{k} {v:.4g}" for k, v in found[name].items())
            )
    if given.json:
        given.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
