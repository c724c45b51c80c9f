"""What a run found, as a file: every row, and the conditions that the figures hold for."""

from __future__ import annotations

import json
import math
import os
import platform
import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from importlib import metadata
from pathlib import Path
from typing import Any

from throughtime.bench.catalogue import MEANS, ROWS
from throughtime.bench.pool import Pool, cores
from throughtime.errors import DataError, UsageError

__all__ = ["Results", "conditions", "kept_rows", "means", "read", "share_of_peak", "write"]

Results = dict[str, Any]
"""``conditions`` and ``rows``, as the JSON file holds them."""

PACKAGES = ("throughtime", "torch", "onnxruntime", "jax", "flax", "keras")


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    """The processor's name, where the system tells it."""
    known = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.*)", known.read_text()) if known.exists() else None
    return found[1].strip() if found else platform.machine()


def conditions(pool: Pool | None = None) -> dict[str, Any]:
    """What the figures depend on.

    Args:
        pool: workers, one of which measures the chip's peak; None leaves that out.
    """
    machine = pool.ask("throughtime", cores(), do="machine") if pool else {}
    return {
        "processor": _processor(),
        "cores": cores(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {package: _version(package) for package in PACKAGES},
        **machine,
    }


def share_of_peak(row: Mapping[str, Any], peak: Mapping[str, float]) -> float | None:
    """The share of the chip's peak that our products reach in a row.

    Args:
        row: as the results hold it.
        peak: floating-point operations per second, by type.

    Returns:
        The share, or None where the row or the peak is not known.
    """
    at = peak.get("bfloat16" if "bfloat16" in row["name"] else "float32")
    operations = row.get("operations")
    return operations / (1e-3 * row["ours_ms"]) / at if operations and at else None


def means(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The goals for geometric means, where all their rows were measured.

    Args:
        rows: as the results hold them.
    """
    ratios = {row["name"]: row["goals"][0].get("ratio") for row in rows if row["state"] == "measured"}
    told: list[dict[str, Any]] = []
    for mean in MEANS:
        of = [ratios.get(name) for name in ROWS if fnmatchcase(name, mean.pattern)]
        known = [ratio for ratio in of if ratio]
        if known and len(known) == len(of):
            ratio = math.exp(sum(map(math.log, known)) / len(known))
            told.append({"title": mean.title, "goal": mean.ratio, "ratio": ratio, "reached": ratio >= mean.ratio})
    return told


def write(path: Path, results: Results) -> None:
    """Write results beside their place and rename them there when they are whole.

    Args:
        path: the JSON file; its folder is made.
        results: what a run found.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")
    beside.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    os.replace(beside, path)


def read(path: Path, field: str = "state") -> Results:
    """Read the results of a run.

    Args:
        path: the JSON file.
        field: what every row holds.

    Returns:
        What a run found.

    Raises:
        DataError: the file is missing or holds something else.
    """
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(
            f"{path}: there is no such file; make it with: throughtime bench layers --json {path}"
        ) from None
    except ValueError as error:
        raise DataError(f"{path}: {error}; give the JSON of a benchmark") from None
    try:
        whole = "conditions" in results and all(field in row for row in results["rows"])
    except (TypeError, KeyError):
        whole = False
    if not whole:
        raise DataError(f"{path}: it holds no results of this benchmark (conditions, and rows with {field!r})")
    return results


def kept_rows(path: Path, now: Mapping[str, Any], measured: Iterable[str]) -> list[dict[str, Any]]:
    """The rows of an earlier run that this one does not measure again.

    Args:
        path: the earlier run's JSON file.
        now: the conditions of this run.
        measured: the names that it measures.

    Raises:
        UsageError: the earlier run had other conditions, so its rows do not belong beside these.
        DataError: the file is missing or holds something else.
    """
    earlier, names = read(path), set(measured)
    fixed = [name for name in now if name != "peak"]
    other = [name for name in fixed if earlier["conditions"].get(name) != now[name]]
    if other:
        raise UsageError(f"--keep: {path} was measured with another {', '.join(other)}: measure all rows again")
    return [row for row in earlier["rows"] if row["name"] not in names]
