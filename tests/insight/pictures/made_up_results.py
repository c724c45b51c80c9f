"""Results with known numbers, to be drawn."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import numpy as np

from throughtime.insight.results import (
    Activity,
    Change,
    Flow,
    FoundUnits,
    Gates,
    Horizon,
    Place,
    Quantity,
    Saliency,
    Spectrum,
    Walk,
)

SVG = "{http://www.w3.org/2000/svg}"
TEXT = tuple("so (it is) no")


def elements(picture: str, name: str) -> list[Any]:
    return list(ElementTree.fromstring(picture).iter(f"{SVG}{name}"))


def texts(picture: str) -> list[str]:
    return [each.text or "" for each in elements(picture, "text")]


def whole_text(picture: str) -> str:
    return " ".join(texts(picture))


def curves(picture: str, least_width: float = 1.5) -> list[list[tuple[float, float]]]:
    """The points of the thick lines."""
    found = [each for each in elements(picture, "polyline") if float(each.get("stroke-width")) >= least_width]
    return [[(float(x), float(y)) for x, y in re.findall(r"([\d.-]+),([\d.-]+)", each.get("points"))] for each in found]


def flow(**change: Any) -> Flow:
    steps = np.arange(41)
    norms = {"h_l0": 5.0 * 0.8 ** (40.0 - steps), "c_l0": 0.1 * 0.95 ** (40.0 - steps)}
    whole: dict[str, Any] = {
        "at": 40, "score": 1.5, "towards": "yes", "steps": steps, "norms": norms,
        "inputs": np.ones(41), "texts": (),
    }  # fmt: skip
    return Flow(**{**whole, **change})


def spectrum() -> Spectrum:
    distances = np.array([1, 2, 5, 10, 20])
    return Spectrum(
        at=40,
        distances=distances,
        log_largest={"l0": distances * np.log(0.9), "l1": distances * np.log(1.2)},
        converged={"l0": np.ones(5, bool), "l1": np.array([True] * 4 + [False])},
        rounds={"l0": 3, "l1": 9},
    )


def horizon(**change: Any) -> Horizon:
    steps, positions = np.arange(61), np.arange(0, 61, 10)
    whole: dict[str, Any] = {
        "at": 60, "towards": "yes", "steps": steps, "by_gradient": 0.8 ** (60.0 - steps), "positions": positions,
        "distances": 60 - positions, "by_substitution": 4 * 0.9 ** (60.0 - positions),
        "units": {"h_l0": np.stack([0.5 ** (60.0 - positions), 0.99 ** (60.0 - positions)], 1)},
        "threshold": 0.01, "texts": (),
    }  # fmt: skip
    return Horizon(**{**whole, **change})


def gates(steps: int = 13, texts: tuple[str, ...] = TEXT) -> Gates:
    forget = np.tile([1.0, 0.5, 0.0], (steps, 1))
    candidate = np.tile([-1.0, 0.0, 1.0], (steps, 1))
    values = {"g_l0": candidate, "f_l0": forget}
    with np.errstate(divide="ignore"):
        half = np.log(0.5) / np.log(np.array([0.9, 0.9, 0.9]))
    return Gates(
        values=values,
        states={"h_l0": candidate},
        low={"f_l0": np.array([0.0, 0.0, 1.0]), "g_l0": np.array([1.0, 0.0, 0.0])},
        high={"f_l0": np.array([1.0, 0.0, 0.0]), "g_l0": np.array([0.0, 0.0, 1.0])},
        margin=0.1,
        keeps={"l0": forget},
        half_life={"l0": half},
        spectral_radius={},
        effective_rank={"h_l0": 1.0},
        texts=texts,
    )


def activity(texts: tuple[str, ...] = TEXT) -> Activity:
    values = np.where([3 <= place <= 9 for place in range(13)], 2.0, -0.5)
    return Activity(
        track="c_l0",
        unit=7,
        values=values,
        texts=texts,
        strongest=(Place(step=4, value=2.0, texts=texts[3:6], centre=1),),
    )


def found() -> FoundUnits:
    wanted = np.array([1.0 if 3 <= place <= 9 else 0.0 for place in range(13)])
    return FoundUnits(
        what="inside brackets",
        measure="auc",
        tracks=("c_l0", "h_l0"),
        units=np.array([7, 3]),
        scores=np.array([1.0, 0.75]),
        signs=np.array([1, -1]),
        values=np.stack([wanted, -wanted]),
        thresholds=np.zeros(2),
        wanted=wanted,
        texts=TEXT,
    )


def saliency(texts: tuple[str, ...] = ("a", "bad", "film")) -> Saliency:
    return Saliency(
        method="integrated_gradients",
        at=2,
        towards="good",
        score=0.5,
        baseline_score=0.25,
        contributions=np.array([0.05, -1.0, 0.4]),
        features=np.zeros((3, 2)),
        missing=0.001,
        texts=texts,
    )


def quantity(name: str, parents: tuple[str, ...], value: float, kind: str = "gate", back: float = 0.25) -> Quantity:
    values = np.array([0.0, value])
    return Quantity(
        name=name, kind=kind, formula="", parents=parents, values=values, gradients=np.array([0.0, back]), words=""
    )


def walk() -> Walk:
    """The memory of an LSTM's step."""
    made = [
        quantity("x", (), 3.0, "input"), quantity("c_before", (), 0.8, "state"),
        quantity("f", ("x",), 0.93), quantity("i", ("x",), 0.5), quantity("g", ("x",), -0.4, "candidate"),
        quantity("kept", ("f", "c_before"), 0.744, "product"), quantity("added", ("i", "g"), -0.2, "product"),
        quantity("c", ("kept", "added"), 0.544, "sum"), quantity("h", ("c",), 0.496, "output", 1.0),
    ]  # fmt: skip
    words = ("The forget gate keeps 0.93 of 0.8.", "Back, 0.93 of the gradient goes on.")
    return Walk(cell="lstm", lane="l0", step=5, unit=1, text="t", quantities=tuple(made), error=0.0, words=words)


def change() -> Change:
    states = {"h_l0": np.zeros((3, 2))}
    return Change(
        edits=("unit 3 of c_l0 is held at 0",),
        labels=("good", "bad", "dull"),
        before=np.array([2.0, -1.0, 0.5]),
        after=np.array([-1.0, 1.0, 0.5]),
        states_before=states,
        states_after=states,
        texts=(),
    )
