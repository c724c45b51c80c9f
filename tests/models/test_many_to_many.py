"""A sequence in, one answer for each step or word: the same as reading each row alone."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from throughtime.layers.crf import CRF
from throughtime.models.many_to_many import ManyToMany
from throughtime.models.parts.cells import stack
from throughtime.models.parts.inputs import TokenInput
from throughtime.models.parts.row_states import beside, first_rows, row_of

LENGTHS = torch.tensor([4, 7, 2])
PLAIN = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
SPANS = [[(0, 0), (1, 3)], [(0, 2), (4, 4), (5, 6)], [(1, 1)]]
"""First and last token of each word of each row."""


def made(cell: str, bidirectional: bool) -> tuple[ManyToMany, nn.Module]:
    """A net, and torch's own layers with the same weights."""
    torch.manual_seed(6)
    recurrent = stack(cell, 4, 5, 2, bidirectional=bidirectional)
    plain = PLAIN[cell](4, 5, 2, batch_first=True, bidirectional=bidirectional)
    plain.load_state_dict(recurrent.state_dict())
    return ManyToMany(TokenInput(9, 4), recurrent, 3).eval(), plain


def spans() -> dict[str, Tensor]:
    padded = torch.zeros(3, 3, 2, dtype=torch.int64)
    for row, words in zip(padded, SPANS, strict=True):
        row[: len(words)] = torch.tensor(words)
    return {"firsts": padded[:, :, 0], "lasts": padded[:, :, 1]}


@pytest.mark.parametrize("cell", PLAIN)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_steps_are_scored_as_torch_does_row_by_row(cell: str, bidirectional: bool) -> None:
    net, plain = made(cell, bidirectional)
    tokens = torch.randint(9, (3, 7))
    scores = net({"tokens": tokens, "lengths": LENGTHS})
    assert scores.shape == (3, 7, 3)
    for row, length in enumerate(LENGTHS.tolist()):
        h, _ = plain(net.read(tokens[row : row + 1, :length]))
        torch.testing.assert_close(scores[row, :length], net.output(h[0]))


@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_word_is_scored_where_each_direction_has_just_read_it(bidirectional: bool) -> None:
    net, plain = made("lstm", bidirectional)
    tokens = torch.randint(9, (3, 7))
    scores = net({"tokens": tokens, "lengths": LENGTHS, **spans()})
    assert scores.shape == (3, 3, 3)
    for row, words in enumerate(SPANS):
        h, _ = plain(net.read(tokens[row : row + 1, : LENGTHS[row]]))
        for word, (first, last) in enumerate(words):
            ends = [h[0, last, :5], *([h[0, first, 5:]] if bidirectional else [])]
            torch.testing.assert_close(scores[row, word], net.output(torch.cat(ends)))


@pytest.mark.parametrize("by_word", [False, True])
def test_scores_do_not_depend_on_padding_or_neighbours(by_word: bool) -> None:
    net, _ = made("gru", bidirectional=True)
    tokens = torch.randint(9, (3, 7))
    words = spans() if by_word else {}
    together = net({"tokens": tokens, "lengths": LENGTHS, **words})
    for row, length in enumerate(LENGTHS.tolist()):
        cut = {name: part[row : row + 1, : len(SPANS[row])] for name, part in words.items()}
        one = net({"tokens": tokens[row : row + 1, :length], "lengths": LENGTHS[row : row + 1], **cut})
        torch.testing.assert_close(one[0], together[row, : one.shape[1]])


def test_the_field_is_trained_with_the_net() -> None:
    net = ManyToMany(TokenInput(9, 4), stack("rnn", 4, 5), 3, crf=CRF(3))
    assert any(name.startswith("crf.") for name, _ in net.named_parameters())
    assert ManyToMany(TokenInput(9, 4), stack("rnn", 4, 5), 3).crf is None


def test_features_are_dropped_in_training_alone() -> None:
    net = ManyToMany(TokenInput(9, 4), stack("rnn", 4, 5), 3, dropout=0.5)
    batch = {"tokens": torch.randint(9, (8, 7)), "lengths": torch.full((8,), 7)}
    assert not net(batch).equal(net(batch))
    net.eval()
    assert net(batch).equal(net(batch))


@pytest.mark.parametrize("cell", PLAIN)
def test_parts_with_the_state_between_are_scored_as_torch_scores_the_whole(cell: str) -> None:
    """Windows of 3: the first row goes on, the second begins anew in the second window, the third ends there."""
    net, plain = made(cell, bidirectional=False)
    tokens = torch.randint(9, (3, 8))
    one, state = net.carried({"tokens": tokens[:, :3], "lengths": torch.tensor([3, 3, 3])})
    begins = torch.tensor([False, True, False])
    two, state = net.carried({"tokens": tokens[:, 3:6], "lengths": torch.tensor([3, 3, 1])}, state, begins)
    three, _ = net.carried({"tokens": tokens[:2, 6:], "lengths": torch.tensor([2, 1])}, first_rows(state, 2))
    found = [
        torch.cat([one[0], two[0], three[0]]), torch.cat([two[1], three[1, :1]]), torch.cat([one[2], two[2, :1]]),
    ]  # fmt: skip
    for scores, read in zip(found, (tokens[0], tokens[1, 3:7], tokens[2, :4]), strict=True):
        torch.testing.assert_close(scores, net.output(plain(net.read(read[None]))[0][0]))


def test_the_state_of_a_row_is_its_own_and_can_stand_beside_others() -> None:
    net, _ = made("lstm", bidirectional=False)
    tokens = torch.randint(9, (3, 5))
    _, state = net.carried({"tokens": tokens[:, :2], "lengths": torch.tensor([2, 2, 2])})
    rest = {"tokens": tokens[[2, 1, 0], 2:], "lengths": torch.tensor([3, 3, 3])}
    scores, _ = net.carried(rest, beside([row_of(state, 2), (), row_of(state, 0)]))
    for row, place in enumerate([2, None, 0]):
        alone = {"tokens": rest["tokens"][row : row + 1], "lengths": torch.tensor([3])}
        wanted, _ = net.carried(alone, () if place is None else row_of(state, place))
        torch.testing.assert_close(scores[row : row + 1], wanted)
