"""What ``lab`` refuses with an option named, and what comes of it."""

from __future__ import annotations

from advice_case import TEXTS, Case

USING: dict[str, Case] = {
    "no run to show": Case({"a.csv": TEXTS}, "lab", "give the folder of a run, or --demo for a small one made here"),
    "no such port": Case({"a.csv": TEXTS}, "lab run --port 70000", "--port must be from 0 to 65,535, not 70000"),
    "no such host": Case({"a.csv": TEXTS}, "lab run --host no.such.invalid", "--host 'no.such.invalid' is no address"),
    "not of this machine": Case({"a.csv": TEXTS}, "lab run --host 203.0.113.1 --no-open",
                                "cannot listen at 203.0.113.1, port 8517"),
}  # fmt: skip
"""The run is that of FIT."""
