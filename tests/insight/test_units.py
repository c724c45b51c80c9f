"""Units that follow something: a counter wired by hand is found first, scores are those of pairs counted one by one."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
import torch

from throughtime.errors import ShapeError, UnknownNameError, UsageError
from throughtime.insight import Subject, find_units, matching_units, subject, unit_activity
from throughtime.insight.properties import bracket_depth, inside_quotes
from throughtime.layers import GRU, LSTM, RNN

ALPHABET = "ab( )"
PLANTED = 137


def counter(size: int = 512) -> LSTM:
    """An LSTM of which one unit counts brackets: its gates are open, its candidate is 0.1 at "(" and -0.1 at ")"."""
    layer = LSTM(len(ALPHABET), size)
    with torch.no_grad():
        for gate in range(4):
            row = gate * size + PLANTED
            layer.weight_ih_l0[row] = 0
            layer.weight_hh_l0[row] = 0
            layer.bias_hh_l0[row] = 0
            layer.bias_ih_l0[row] = 0 if gate == 2 else 20
        layer.weight_ih_l0[2 * size + PLANTED, ALPHABET.index("(")] = 0.1
        layer.weight_ih_l0[2 * size + PLANTED, ALPHABET.index(")")] = -0.1
    return layer


def text() -> list[str]:
    """Brackets that open and close, nothing else to be seen in them."""
    draw, depth, marks = np.random.default_rng(1), 0, list[str]()
    for _ in range(400):
        mark = str(draw.choice(list(ALPHABET)))
        mark = "a" if (mark == ")" and not depth) or (mark == "(" and depth > 4) else mark
        depth += (mark == "(") - (mark == ")")
        marks.append(mark)
    return marks


def reading(layer: Any, marks: list[str]) -> Subject:
    x = torch.eye(len(ALPHABET))[[ALPHABET.index(mark) for mark in marks]]
    return subject(layer, x, texts=marks)


def test_a_planted_counter_is_found_first_among_512() -> None:
    marks = text()
    found = find_units(reading(counter(), marks), bracket_depth(marks), what="depth of brackets")
    assert (found.tracks[0], found.units[0], found.signs[0]) == ("c_l0", PLANTED, 1) and found.scores[0] > 0.999
    assert found.what == "depth of brackets" and found.measure == "correlation" and len(found.units) == 10
    assert (found.tracks[1], found.units[1]) == ("h_l0", PLANTED)  # its output, that of a tanh
    assert found.scores[2] < 0.9 and (np.diff(found.scores) <= 0).all()
    only = find_units(reading(counter(), marks), bracket_depth(marks), tracks=["h_l0"], count=1)
    assert only.tracks == ("h_l0",) and only.units.tolist() == [PLANTED]


def test_whether_a_bracket_is_open_is_told_by_the_same_unit() -> None:
    marks = text()
    found = find_units(reading(counter(), marks), bracket_depth(marks) > 0, count=2)
    assert found.units[0] == PLANTED and found.scores[0] == 1 and found.measure == "auc"
    assert 0 < found.thresholds[0] < 0.1  # between none and the first
    np.testing.assert_array_equal(found.values[0] > found.thresholds[0], found.wanted == 1)
    span = [(t, t + 1) for t in np.flatnonzero(bracket_depth(marks) > 0)]
    matched = matching_units(reading(counter(), marks), span, count=2)
    assert matched.units[0] == PLANTED and matched.scores[0] == 1 and matched.signs[0] == 1
    np.testing.assert_array_equal(matched.values[0] > matched.thresholds[0], matched.wanted == 1)


def test_areas_and_correlations_of_every_unit() -> None:
    layer, x = RNN(3, 6, 2, dtype=torch.float64), torch.randn(30, 3, dtype=torch.float64)
    marked = (torch.rand(30) < 0.4).numpy()
    h = {f"h_l{n}": layer(x, trace=True)[2][f"h_l{n}"].detach().numpy() for n in (0, 1)}
    found = find_units(subject(layer, x), marked, count=100)
    assert len(found.units) == 12
    for track, unit, score, sign in zip(found.tracks, found.units, found.scores, found.signs, strict=True):
        pairs = [np.sign(a - b) for a, b in product(h[track][marked, unit], h[track][~marked, unit])]
        auc = (np.mean(pairs) + 1) / 2
        assert abs(max(auc, 1 - auc) - score) < 1e-12 and sign == (1 if auc >= 0.5 else -1)
    numbers = torch.randn(30).numpy()
    for track, unit, score, sign in zip(
        *[
            getattr(find_units(subject(layer, x), numbers, count=12), name)
            for name in ("tracks", "units", "scores", "signs")
        ],
        strict=True,
    ):
        r = np.corrcoef(h[track][:, unit], numbers)[0, 1]
        assert abs(abs(r) - score) < 1e-9 and sign == np.sign(r)


def test_ties_count_half() -> None:
    """A unit that never moves tells nothing: 0.5 and 0, and no overlap beyond being on everywhere."""
    layer, x = RNN(2, 1), torch.zeros(8, 2)
    with torch.no_grad():
        for weight in layer.parameters():
            weight.zero_()
    marked = np.arange(8) < 3
    assert find_units(subject(layer, x), marked).scores.tolist() == [0.5]
    assert find_units(subject(layer, x), np.arange(8)).scores.tolist() == [0.0]
    assert matching_units(subject(layer, x), (0, 3)).scores.tolist() == [3 / 8]


@pytest.mark.parametrize("threshold", [None, 0.2])
def test_overlaps_of_every_unit(threshold: float | None) -> None:
    layer, x = GRU(3, 5, dtype=torch.float64), 3 * torch.randn(20, 3, dtype=torch.float64)
    h = layer(x)[0].detach().numpy()
    found = matching_units(subject(layer, x), [(3, 6), (10, 11)], threshold=threshold)
    wanted = np.isin(np.arange(20), [3, 4, 5, 10])
    assert found.what == "steps 3 to 5, steps 10 to 10" and found.measure == "overlap"
    for unit, score in zip(found.units, found.scores, strict=True):
        cuts = [threshold] if threshold is not None else [*(h[:, unit] - 1e-9), *(-h[:, unit] - 1e-9)]
        on = [sign * h[:, unit] > cut for cut in cuts for sign in (1, -1)]
        assert abs(max((o & wanted).sum() / (o | wanted).sum() for o in on) - score) < 1e-12


def test_the_strongest_places_of_a_unit() -> None:
    marks = text()
    found = unit_activity(reading(counter(), marks), "c_l0", PLANTED, strongest=3, around=2)
    depth = bracket_depth(marks)
    np.testing.assert_allclose(found.values, np.tanh(0.1) * depth, atol=1e-5)
    assert [place.step for place in found.strongest] == np.flatnonzero(depth == depth.max())[:3].tolist()
    for place in found.strongest:
        assert place.texts[place.centre] == marks[place.step] and len(place.texts) == 5
        assert abs(place.value - found.values[place.step]) < 1e-12
    assert unit_activity(reading(counter(), marks), "f_l0", PLANTED).values.min() > 0.99


def test_what_is_not_there() -> None:
    seen = subject(LSTM(3, 4, 2), torch.randn(5, 3))
    with pytest.raises(UsageError, match="there is no unit 4 in c_l1: it has the units 0 to 3"):
        unit_activity(seen, "c_l1", 4)
    with pytest.raises(UnknownNameError, match="unknown track 'c_l2': did you mean 'c_l1'"):
        unit_activity(seen, "c_l2", 0)
    with pytest.raises(UnknownNameError, match="unknown track"):
        find_units(seen, [1, 2, 3, 4, 5], tracks=["m_l0"])
    with pytest.raises(ShapeError, match=r"one value for each of the 5 steps, got shape \(4,\)"):
        find_units(seen, [True, False, True, True])
    with pytest.raises(UsageError, match="True at every step"):
        find_units(seen, [True] * 5)
    with pytest.raises(UsageError, match="finite numbers: of a label, say at which steps it stands"):
        find_units(seen, np.array(list("abcde")))
    with pytest.raises(UsageError, match=r"0 <= start < stop <= 5, got \(3, 9\)"):
        matching_units(seen, (3, 9))
    with pytest.raises(UsageError, match="True at every step"):
        matching_units(seen, (0, 5))
    with pytest.raises(UsageError, match="False at every step"):
        matching_units(seen, [])
    with pytest.raises(UsageError, match="count must be 1 or more units, got 0"):
        find_units(seen, [1, 2, 3, 4, 5], count=0)
    with pytest.raises(UsageError, match="0 or more, got -1 and 10"):
        unit_activity(seen, "c_l1", 0, strongest=-1)
    assert not inside_quotes([]).size
