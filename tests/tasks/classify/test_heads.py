"""The heads of classify and their targets: losses, scores and probabilities are those of a plain count."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from throughtime.data.encoding.labels import UNSEEN, Labels
from throughtime.data.record import Record
from throughtime.errors import DataError
from throughtime.tasks.classify.heads import Head, LabelHead, NumberHead, SetHead
from throughtime.tasks.classify.options import Config
from throughtime.tasks.classify.targets import (
    ClassifyReader,
    LabelTargets,
    NumberTargets,
    SetTargets,
    load_targets,
)

NAMES = ["a", "b", "c"]
WANTED = np.array([0, 0, 1, 1, 2, 0, UNSEEN, 1])
SCORES = torch.tensor(
    [[3, 1, 0], [0, 2, 1], [0, 4, 0], [1, 2, 0], [2, 1, 0], [1, 0, 0], [0, 0, 5], [0, 1, 0.5]], dtype=torch.float64
)
SAID = [0, 1, 1, 1, 0, 0, 2, 1]


def record(target: Any) -> Record:
    return Record("text", target, "data: row 4")


ONE, SEVERAL = LabelTargets(Labels(NAMES)), SetTargets(Labels(NAMES))


def one() -> LabelHead:
    return LabelHead(ONE)


def several() -> SetHead:
    return SetHead(SEVERAL)


def metrics(head: Head, scores: Tensor, wanted: np.ndarray, batch: int = 2) -> dict[str, float]:
    """The scores of all rows, found batch by batch: what is kept of each does not depend on its batch."""
    batches = [slice(row, row + batch) for row in range(0, len(wanted), batch)]
    return head.metrics([each for rows in batches for each in head.find(scores[rows], wanted[rows])], wanted)


def f1(hits: int, wrong: int, missed: int) -> float:
    return 2 * hits / (2 * hits + wrong + missed) if hits else 0.0


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("balanced", [False, True])
def test_the_loss_of_a_label(smoothing: float, balanced: bool) -> None:
    answers, weights = one(), [1.0, 1.0, 1.0]
    if balanced:
        answers.balance({"a": 6, "b": 2, "c": 1})
        weights = [9 / 18, 9 / 6, 9 / 3]
    expected = 0.0
    for scores, wanted in zip(SCORES.tolist(), WANTED.tolist(), strict=True):
        if wanted == UNSEEN:
            continue
        total = math.log(sum(math.exp(score) for score in scores))
        nats = [weight * (total - score) for weight, score in zip(weights, scores, strict=True)]
        expected += (1 - smoothing) * nats[wanted] + smoothing * sum(nats) / 3
    assert answers.loss(SCORES, torch.from_numpy(WANTED), smoothing).item() == pytest.approx(expected)


def test_balanced_weights_have_mean_one_over_the_examples() -> None:
    answers, counts = one(), LabelTargets.count([record(name) for name in "aaaaaabbc"])
    assert counts == {"a": 6, "b": 2, "c": 1}
    answers.balance(counts)
    equal = torch.zeros(9, 3)
    wanted = torch.tensor([ONE.encode(record(name)).item() for name in "aaaaaabbc"])
    assert answers.loss(equal, wanted, 0.0).item() == pytest.approx(9 * math.log(3))
    answers.balance({"a": 6})
    assert math.isfinite(answers.loss(equal, wanted, 0.0).item()), "a label without examples"


def test_scores_of_a_label() -> None:
    found = metrics(one(), SCORES, WANTED)
    known = [row for row, wanted in enumerate(WANTED) if wanted != UNSEEN]
    losses = functional.cross_entropy(SCORES[known], torch.from_numpy(WANTED[known]))
    assert found["loss"] == pytest.approx(losses.item())
    assert found["accuracy"] == 5 / 8
    by_label = [f1(2, 1, 1), f1(3, 1, 0), f1(0, 1, 1), 0.0]  # the unseen label is one that is never right
    assert found["f1"] == pytest.approx(sum(by_label) / 4)
    table = one().by_label(one().find(SCORES, WANTED), WANTED)
    assert list(table) == NAMES
    assert table["a"] == pytest.approx({"precision": 2 / 3, "recall": 2 / 3, "f1": 2 / 3, "support": 3})
    assert table["b"] == pytest.approx({"precision": 3 / 4, "recall": 1, "f1": 6 / 7, "support": 3})
    assert table["c"] == pytest.approx({"precision": 0, "recall": 0, "f1": 0, "support": 1})


def test_calibration_error_bin_by_bin() -> None:
    generator = torch.Generator().manual_seed(1)
    scores = 2 * torch.randn(400, 3, generator=generator, dtype=torch.float64)
    wanted = torch.randint(3, (400,), generator=generator).numpy()
    sure, said = scores.softmax(1).max(1)
    expected = 0.0
    for low in range(15):
        inside = [row for row in range(400) if low / 15 <= sure[row] < (low + 1) / 15]
        if inside:
            right = sum(int(said[row]) == wanted[row] for row in inside) / len(inside)
            expected += len(inside) / 400 * abs(right - sum(float(sure[row]) for row in inside) / len(inside))
    assert metrics(one(), scores, wanted)["calibration_error"] == pytest.approx(expected)
    certain = torch.tensor([[1000.0, 0.0, 0.0]], dtype=torch.float64)
    assert metrics(one(), certain, np.array([1]))["calibration_error"] == 1.0


def overconfident(labels: bool) -> tuple[Tensor, np.ndarray]:
    """Scores three times too large for targets that were drawn from them."""
    generator = torch.Generator().manual_seed(2)
    scores = torch.randn(4000, 3, generator=generator)
    if labels:
        drawn = torch.bernoulli(scores.sigmoid(), generator=generator)
        return 3 * scores, np.concatenate([drawn.numpy(), np.zeros((4000, 1), np.float32)], 1)
    return 3 * scores, torch.multinomial(scores.softmax(1), 1, generator=generator)[:, 0].numpy()


@pytest.mark.parametrize("labels", [False, True])
def test_the_temperature_undoes_overconfidence(labels: bool) -> None:
    answers = several() if labels else one()
    scores, wanted = overconfident(labels)
    temperature = answers.temperature(scores, wanted)
    assert temperature == pytest.approx(3.0, rel=0.1)
    assert answers.temperature(scores / 6, wanted) == pytest.approx(temperature / 6, rel=0.01)

    def loss(divisor: float) -> float:
        return metrics(answers, scores.double() / divisor, wanted, len(wanted))["loss"]

    assert loss(temperature) < loss(1.0) - 0.1
    assert loss(temperature) <= min(loss(divisor) for divisor in np.linspace(2, 4, 21)) + 1e-7
    if not labels:
        found = [metrics(answers, scores.double() / by, wanted, len(wanted)) for by in (1.0, temperature)]
        errors = [each["calibration_error"] for each in found]
        assert errors[1] < errors[0] / 3


def test_labels_that_were_never_seen_leave_the_temperature_alone() -> None:
    scores, wanted = overconfident(False)
    more = np.concatenate([wanted, np.full(4000, UNSEEN)])
    assert one().temperature(scores.repeat(2, 1), more) == pytest.approx(one().temperature(scores, wanted))


def test_a_label_is_said_with_its_probabilities() -> None:
    said = one().prediction(SCORES[0])
    assert said.value == "a" and said.probability == pytest.approx(SCORES[0].softmax(0)[0].item())
    assert said.probabilities is not None and list(said.probabilities) == NAMES
    assert sum(said.probabilities.values()) == pytest.approx(1)
    assert one().outputs == 3


TARGETS = [("a",), ("a", "b"), (), ("c", "new"), ("b",), ("new",)]
YES = torch.tensor([[2, -1, -1], [1, 0.1, 1], [-1, -2, -1], [-1, -1, 3], [1, -1, -1], [-3, -3, -3]]).double()
GIVEN = [{"a"}, {"a", "b", "c"}, set[str](), {"c"}, {"a"}, set[str]()]


def encoded() -> np.ndarray:
    return np.stack([SEVERAL.encode(record(target)) for target in TARGETS])


def test_the_loss_of_several_labels_is_the_mean_over_them() -> None:
    expected = 0.0
    for scores, target in zip(YES.tolist(), TARGETS, strict=True):
        for name, score in zip(NAMES, scores, strict=True):
            expected += math.log1p(math.exp(-score if name in target else score))
    wanted = torch.from_numpy(encoded())
    assert several().loss(YES.float(), wanted, 0.0).item() == pytest.approx(expected / 3)
    assert metrics(several(), YES, encoded())["loss"] == pytest.approx(expected / 3 / 6)


def test_scores_of_several_labels() -> None:
    found = metrics(several(), YES, encoded())
    pairs = list(zip(GIVEN, map(set, TARGETS), strict=True))
    hits, wrong, missed = (
        sum(len(part(said, right)) for said, right in pairs)
        for part in (set[str].intersection, set[str].difference, lambda said, right: right - said)
    )
    assert found["f1"] == pytest.approx(f1(hits, wrong, missed))
    assert found["exact_match"] == pytest.approx(sum(said == right for said, right in pairs) / 6)
    each = {"a": f1(2, 1, 0), "b": f1(1, 0, 1), "c": f1(1, 1, 0)}
    assert found["f1_macro"] == pytest.approx(sum(each.values()) / 3)
    table = several().by_label(several().find(YES, encoded()), encoded())
    assert {name: row["f1"] for name, row in table.items()} == pytest.approx(each)
    assert [row["support"] for row in table.values()] == [2, 2, 1]


def test_several_labels_are_said_where_yes_is_likelier_than_no() -> None:
    for scores, given in zip(YES, GIVEN, strict=True):
        said = several().prediction(scores)
        assert set(said.value) == given  # type: ignore[arg-type]
        assert said.probabilities == pytest.approx(dict(zip(NAMES, scores.sigmoid().tolist(), strict=True)))
        assert said.probability == tuple(said.probabilities[name] for name in said.value)  # type: ignore[index,union-attr]


def test_numbers_are_learned_at_one_scale_and_said_at_their_own() -> None:
    targets = NumberTargets(100.0, 20.0)
    answers = NumberHead(targets)
    assert answers.outputs == 1 and answers.temperature(torch.zeros(1, 1), np.zeros(1)) == 1.0
    assert targets.encode(record(130.0)) == 1.5
    assert answers.prediction(torch.tensor([1.5])).value == 130.0
    numbers, said = np.array([90.0, 130.0, 140.0, 100.0]), np.array([100.0, 120.0, 150.0, 100.0])
    scores = torch.from_numpy((said - 100) / 20)[:, None]
    wanted = np.stack([targets.encode(record(float(number))) for number in numbers])
    found = metrics(answers, scores, wanted)
    assert found["rmse"] == pytest.approx(math.sqrt(300 / 4))
    assert found["mae"] == pytest.approx(7.5)
    assert found["r2"] == pytest.approx(1 - 300 / ((numbers - numbers.mean()) ** 2).sum())
    assert found["loss"] == pytest.approx(300 / 4 / 400)
    assert answers.loss(scores.float(), torch.from_numpy(wanted), 0.0).item() == pytest.approx(300 / 400)
    assert metrics(answers, scores, np.full(4, 0.5))["r2"] == 0.0, "nothing to explain"


@pytest.mark.parametrize(("targets", "target"), [(ONE, None), (SEVERAL, "a"), (NumberTargets(0, 1), "3")])
def test_a_target_of_another_kind_is_refused_with_its_place(targets: Any, target: Any) -> None:
    with pytest.raises(DataError, match="row 4: the target is"):
        targets.encode(record(target))


def collected(kind: Any, targets: list[Any]) -> Any:
    return ClassifyReader(Config(target_type=kind)).collect([record(target) for target in targets])


@pytest.mark.parametrize(
    ("kind", "targets", "expected"),
    [
        ("label", ["b", "a", "b", "a"], {"kind": "label", "labels": ("a", "b")}),
        ("labels", [("b",), (), ("a", "b")], {"kind": "labels", "labels": ("a", "b")}),
        ("number", [1.0, 2.0, 6.0], {"kind": "number", "mean": 3.0, "scale": pytest.approx(math.sqrt(14 / 3))}),
    ],
)
def test_targets_are_collected_saved_and_loaded(kind: Any, targets: list[Any], expected: dict[str, Any]) -> None:
    found = collected(kind, targets)
    assert found.to_mapping() == expected
    loaded = load_targets(json.loads(json.dumps(found.to_mapping())))
    assert loaded.to_mapping() == found.to_mapping()
    for target in targets:
        assert np.array_equal(loaded.encode(record(target)), found.encode(record(target)))


@pytest.mark.parametrize(
    ("kind", "targets", "message"),
    [
        ("labels", [(), ()], "no example has a label"),
        ("number", [2.5, 2.5], "all 2 examples have the number 2.5"),
        ("number", [0.1] * 3, "all 3 examples have the number 0.1"),
    ],
)
def test_nothing_to_tell_apart_is_refused(kind: Any, targets: list[Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        collected(kind, targets)


@pytest.mark.parametrize(
    "saved",
    [
        {},
        {"kind": "word", "labels": ["a"]},
        {"kind": "label"},
        {"kind": "labels", "labels": None},
        {"kind": "label", "labels": [["a"]]},
        {"kind": "number", "mean": 1.0},
        {"kind": "number", "mean": "x", "scale": 1.0},
        {"kind": "number", "mean": None, "scale": 1.0},
        ["kind"],
    ],
)
def test_damaged_targets_are_refused(saved: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        load_targets(saved)
