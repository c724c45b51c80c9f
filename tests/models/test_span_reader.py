"""What points to an answer: the best span and its likelihood are those of all spans, tried one by one."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor

from throughtime.models.parts.cells import stack
from throughtime.models.parts.inputs import WordInput
from throughtime.models.span_reader import Pointers, SpanReader, best_spans, span_log_likelihood, words_alike


def pointers(rows: int, steps: int) -> Pointers:
    torch.manual_seed(1)
    first, last = (torch.randn(rows, steps + 1).double().log_softmax(1) for _ in range(2))
    return Pointers(first, last, None)


@pytest.mark.parametrize(("steps", "longest"), [(1, 1), (1, 9), (7, 1), (7, 3), (7, 30)])
def test_the_best_span_is_the_best_of_all(steps: int, longest: int) -> None:
    given = pointers(20, steps)
    first, last, best = best_spans(given, longest)
    for row in range(20):
        spans = [(i, j) for i in range(steps) for j in range(i, min(steps, i + longest))]
        expected = max(spans, key=lambda span: float(given.first[row, span[0]] + given.last[row, span[1]]))
        assert (int(first[row]), int(last[row])) == expected
        assert float(best[row]) == pytest.approx(float(given.first[row, expected[0]] + given.last[row, expected[1]]))


def test_probabilities_of_all_right_answers_are_added() -> None:
    given = pointers(2, 4)
    rows, first, last = torch.tensor([0, 0, 1]), torch.tensor([1, 2, -1]), torch.tensor([3, 2, -1])
    likely = span_log_likelihood(given, rows, first, last)
    spans = [math.exp(float(given.first[0, i] + given.last[0, j])) for i, j in [(1, 3), (2, 2)]]
    assert float(likely[0]) == pytest.approx(math.log(sum(spans)))
    assert float(likely[1]) == pytest.approx(float(given.first[1, 4] + given.last[1, 4])), "the last place is no answer"


def test_words_are_alike_by_number_or_by_letters() -> None:
    context = {"words": torch.tensor([[3, 0, 0, 5]]), "places": torch.tensor([[0, 1, 2, 3]])}
    context["characters"] = torch.tensor([[1, 4, 2, 0], [1, 7, 8, 2], [1, 9, 2, 0], [1, 5, 2, 0]])
    question = {"words": torch.tensor([[0, 5, 3]]), "places": torch.tensor([[0, 1, 1]])}
    question["characters"] = torch.tensor([[1, 9, 2, 0, 0], [1, 6, 6, 6, 2]])
    assert words_alike(context, question, torch.tensor([2])).tolist() == [[0.0, 0.0, 1.0, 1.0]]


def net(attends: bool, hops: int, cell: str = "lstm") -> SpanReader:
    torch.manual_seed(0)
    read = WordInput(12, 4, characters=9, character_size=3, character_hidden=2)
    words = stack(cell, read.output_size, 3, bidirectional=True)
    taken = SpanReader.input_size(6, attends=attends)
    layers = [stack(cell, taken, 3, bidirectional=True) for _ in range(hops)]
    return SpanReader(read, [words, *layers, stack(cell, 6, 3, bidirectional=True)], attends=attends).eval()


def part(name: str, words: list[list[int]], lengths: list[int]) -> dict[str, Tensor]:
    places = torch.tensor(words)
    arrays = {"words": places, "places": places, "lengths": torch.tensor(lengths)}
    arrays |= {"characters": torch.arange(12)[:, None] % 9 + torch.tensor([[0, 1]])}
    arrays |= {"character_lengths": torch.full((12,), 2)}
    arrays["characters"] = arrays["characters"] % 9
    return {f"{name}_{key}": each for key, each in arrays.items()}


@pytest.mark.parametrize(("attends", "hops", "cell"), list(itertools.product([True, False], [1, 2], ["lstm", "gru"])))
def test_a_row_does_not_depend_on_those_beside_it(attends: bool, hops: int, cell: str) -> None:
    both = {**part("content", [[1, 2, 3, 4], [5, 6, 0, 0]], [4, 2]), **part("question", [[2, 7], [6, 0]], [2, 1])}
    alone = {**part("content", [[5, 6]], [2]), **part("question", [[6]], [1])}
    said, single = net(attends, hops, cell)(both), net(attends, hops, cell)(alone)
    for together, one in zip(said[:2], single[:2], strict=True):
        torch.testing.assert_close(together[1, [0, 1, 4]], one[0], rtol=1e-5, atol=1e-5)
        assert together.exp().sum(1).tolist() == pytest.approx([1.0, 1.0], abs=1e-5)
    if attends:
        assert said.looked is not None and said.looked.shape == (2, hops, 4)
        assert said.looked[1, :, 2:].sum() == 0
        assert said.looked.sum(-1).flatten().tolist() == pytest.approx([1.0] * 2 * hops, abs=1e-5)
