"""What looks for the last fact that matters weighs facts as its formula says, written out fact by fact."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from throughtime.models.fact_reader import FactAttention, FactReader
from throughtime.models.parts.cells import stack

LENGTHS = torch.tensor([5, 3])


def look_at(before: Tensor | None) -> tuple[FactAttention, list[Tensor], Tensor]:
    torch.manual_seed(3)
    look = FactAttention(4, 6).double()
    given = [torch.randn(2, 5, 4).double(), torch.randn(2, 4).double(), torch.randn(2, 4).double()]
    return look, given, look(*given, LENGTHS, before)


def by_hand(look: FactAttention, given: list[Tensor], before: Tensor | None, row: int) -> list[float]:
    facts, question, memory = (each[row] for each in given)
    ordered = 1 / (1 + math.exp(-look.order(memory).item()))
    gates: list[float] = []
    for t in range(int(LENGTHS[row])):
        f = facts[t]
        features = torch.cat([f * question, f * memory, (f - question).abs(), (f - memory).abs()])
        score = look.match(features).item()
        if before is not None:
            score += math.log(1 - ordered + ordered * float(before[row, t:].sum()) + 1e-6)
        gates.append(1 / (1 + math.exp(-score)))
    weights: list[float] = []
    for t, gate in enumerate(gates):
        weights.append(gate * math.prod(1 - later for later in gates[t + 1 :]))
    return weights


@pytest.mark.parametrize("first", [True, False])
def test_weights_are_those_of_the_formula(first: bool) -> None:
    before = None if first else torch.tensor([[0.1, 0.2, 0.3, 0.1, 0.0], [0.0, 0.9, 0.05, 0.0, 0.0]]).double()
    look, given, weights = look_at(before)
    for row in range(2):
        expected = by_hand(look, given, before, row)
        assert weights[row, : len(expected)].tolist() == pytest.approx(expected, rel=1e-9)
        assert weights[row, len(expected) :].sum() < 1e-12, "what is not there has no weight"


def test_the_last_of_two_facts_that_match_takes_the_weight() -> None:
    look = FactAttention(4, 6)
    with torch.no_grad():
        look.match[-1].bias.fill_(4.0)
        look.match[-1].weight.zero_()
    weights = look(torch.randn(2, 5, 4), torch.randn(2, 4), torch.randn(2, 4), LENGTHS, None)
    assert weights[0, 4] > 0.9 and weights[1, 2] > 0.9


def net(hops: int) -> FactReader:
    torch.manual_seed(0)
    return FactReader(9, 4, stack("gru", 6, 3, bidirectional=True), 5, hops=hops).eval()


def batch() -> dict[str, Tensor]:
    return {
        "content_places": torch.tensor([[0, 1, 2], [2, 0, 0]]),
        "content_statements": torch.tensor([[1, 2, 3], [4, 5, 0], [6, 0, 0]]),
        "content_statement_lengths": torch.tensor([3, 2, 1]),
        "content_lengths": torch.tensor([3, 1]),
        "question_words": torch.tensor([[7, 8], [8, 0]]),
        "question_lengths": torch.tensor([2, 1]),
    }


@pytest.mark.parametrize("hops", [0, 1, 3])
def test_a_row_does_not_depend_on_those_beside_it(hops: int) -> None:
    scores, looked = net(hops)(batch())
    alone = {
        "content_places": torch.tensor([[0]]), "content_statements": torch.tensor([[6]]),
        "content_statement_lengths": torch.tensor([1]), "content_lengths": torch.tensor([1]),
        "question_words": torch.tensor([[8]]), "question_lengths": torch.tensor([1]),
    }  # fmt: skip
    torch.testing.assert_close(net(hops)(alone)[0][0], scores[1], rtol=1e-5, atol=1e-6)
    assert looked is None if hops == 0 else looked is not None and looked.shape == (2, hops, 3)


def test_without_attention_it_is_the_last_state_that_answers() -> None:
    reader, given = net(0), batch()
    _, (h, _) = reader.encoder(reader.embedding(given["content_statements"]), lengths=torch.tensor([3, 2, 1]))
    x = torch.cat([h[0], h[1]], -1)[given["content_places"]]
    _, state = reader.recurrent(x, lengths=given["content_lengths"])
    _, asked = reader.encoder(reader.embedding(given["question_words"]), lengths=given["question_lengths"])
    both = torch.cat([*state[-2:], *asked[0][-2:]], -1)
    torch.testing.assert_close(reader(given)[0], reader.output(both))


def test_order_turns_the_looks() -> None:
    """Where only what stands before counts, a later fact that matches as well gets nothing."""
    look = FactAttention(4, 6)
    with torch.no_grad():
        look.order.bias.fill_(20.0)
        look.order.weight.zero_()
    before = torch.tensor([[0.0, 0.0, 1.0, 0.0, 0.0]])
    weights = look(torch.ones(1, 5, 4), torch.ones(1, 4), torch.ones(1, 4), torch.tensor([5]), before)
    assert weights[0, 3:].sum() < 1e-4 < weights[0, 2]
