"""The first part of a net gives each step's vector as its equation says, and drops what it should in training."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from throughtime.models.parts.inputs import EMBEDDING_STD, FrameInput, TokenInput, WordInput


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(7)


LETTERS = torch.tensor([[3, 4, 5, 0], [6, 0, 0, 0], [7, 3, 3, 3], [5, 4, 0, 0]])
SIZES = torch.tensor([3, 1, 4, 2])


def speller(**how: float) -> WordInput:
    return WordInput(9, 5, characters=8, character_size=3, character_hidden=4, **how)  # type: ignore[arg-type]


def test_a_word_is_its_vector_and_what_is_read_in_its_letters() -> None:
    read = speller().eval()
    plain = nn.LSTM(3, 4, bidirectional=True, batch_first=True)
    plain.load_state_dict(read.spelling.state_dict())
    words, places = torch.tensor([[1, 0, 8], [2, 2, 0]]), torch.tensor([[0, 1, 2], [3, 0, 1]])
    x = read(words, places, LETTERS, SIZES)
    assert x.shape == (2, 3, read.output_size) == (2, 3, 13)
    for row, step in torch.cartesian_prod(torch.arange(2), torch.arange(3)).tolist():
        place = int(places[row, step])
        _, (h, _) = plain(read.letters(LETTERS[place : place + 1, : SIZES[place]]))
        expected = torch.cat([read.embedding.weight[words[row, step]], h[0, 0], h[1, 0]])
        torch.testing.assert_close(x[row, step], expected)


def test_without_letters_a_word_is_its_vector() -> None:
    read = WordInput(9, 5)
    assert read.output_size == 5 and not hasattr(read, "spelling")
    words = torch.tensor([[1, 0, 8]])
    assert read(words).equal(read.embedding.weight[words])


@pytest.mark.parametrize("read", [WordInput(2000, 20), TokenInput(2000, 20)])
def test_vectors_start_small(read: WordInput | TokenInput) -> None:
    assert read.embedding.weight.std().item() == pytest.approx(EMBEDDING_STD, rel=0.05)


def test_the_unknown_word_starts_from_zero() -> None:
    read = WordInput(9, 5)
    assert not read.embedding.weight[0].any()
    assert read.embedding.weight[1:].any(1).all()


def read_as_unknown(read: WordInput, words: Tensor) -> Tensor:
    nn.init.ones_(read.embedding.weight)
    with torch.no_grad():
        read.embedding.weight[0] = 0.0
    return read(words)[:, :, 0] == 0


def test_words_are_dropped_alike_or_by_how_rare_they_are() -> None:
    words = torch.arange(1, 6).expand(20_000, 5)
    alike = read_as_unknown(WordInput(6, 2, word_dropout=0.4), words).float().mean(0)
    assert alike.tolist() == pytest.approx([0.4] * 5, abs=0.02)
    counted = WordInput(6, 2, word_dropout=0.4, counts=[1, 1, 2, 4, 100, 0])
    shares = read_as_unknown(counted, words).float().mean(0)
    assert shares.tolist() == pytest.approx([0.4, 0.2, 0.1, 0.004, 0.4], abs=0.02)
    assert shares[3] < 0.01


def test_letters_are_dropped_in_training() -> None:
    read = speller(character_dropout=0.3)
    seen: list[Tensor] = []
    read.letters.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0]))
    letters = torch.full((2000, 4), 5)
    read(torch.zeros(1, 1, dtype=torch.int64), torch.zeros(1, 1, dtype=torch.int64), letters, torch.full((2000,), 4))
    assert set(seen[0].unique().tolist()) == {0, 5}
    assert (seen[0] == 0).float().mean().item() == pytest.approx(0.3, abs=0.02)


def test_nothing_is_dropped_outside_of_training() -> None:
    words, places = torch.tensor([[1, 2, 3]]), torch.tensor([[0, 1, 2]])
    noisy = speller(dropout=0.5, word_dropout=0.5, character_dropout=0.5)
    calm = speller()
    calm.load_state_dict(noisy.state_dict())
    assert noisy.eval()(words, places, LETTERS, SIZES).equal(calm.eval()(words, places, LETTERS, SIZES))
    frames, tokens = FrameInput([0.0], [1.0], 4, dropout=0.5, mask=0.5).eval(), TokenInput(9, 4, dropout=0.5).eval()
    x = torch.randn(3, 5, 1)
    assert frames(x).equal(frames(x))
    assert tokens(words).equal(tokens.embedding(words))


@pytest.mark.parametrize("read", [WordInput(9, 50, dropout=0.4), TokenInput(9, 50, dropout=0.4)])
def test_features_are_dropped_in_training(read: WordInput | TokenInput) -> None:
    nn.init.ones_(read.embedding.weight)
    x = read(torch.randint(1, 9, (20, 30)))
    assert (x == 0).float().mean().item() == pytest.approx(0.4, abs=0.02)
    assert x.mean().item() == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("size", [0, 6])
def test_frames_are_brought_to_one_scale(size: int) -> None:
    mean, scale = [10.0, -3.0, 0.0], [2.0, 0.1, 1.0]
    read = FrameInput(mean, scale, size, mask=0.3).eval()
    frames = torch.randn(4, 5, 3) * torch.tensor(scale) + torch.tensor(mean)
    x = torch.stack([(frames[:, :, f] - mean[f]) / scale[f] for f in range(3)], 2)
    if size:
        layer: nn.Linear = read.layer[0]  # type: ignore[index,assignment]
        x = (x @ layer.weight.T + layer.bias).clamp(min=0)
    torch.testing.assert_close(read(frames), x)
    assert read.output_size == x.shape[2]
    assert not {"mean", "scale"} & set(read.state_dict()), "the features keep them"


SHARE, STEPS, FEATURES = 0.15, 30, 20


@pytest.fixture(scope="module")
def hidden() -> Tensor:
    """Where frames of ones are hidden, (rows, STEPS, FEATURES)."""
    torch.manual_seed(8)
    read = FrameInput([0.0] * FEATURES, [1.0] * FEATURES, 0, mask=SHARE).train()
    return read(torch.ones(4000, STEPS, FEATURES)) == 0


@pytest.mark.parametrize(("axis", "size"), [(1, STEPS), (2, FEATURES)])
def test_each_row_hides_one_stripe_of_steps_and_one_of_features(hidden: Tensor, axis: int, size: int) -> None:
    stripe = hidden.all(3 - axis)
    changes = torch.diff(stripe.int(), dim=1, prepend=torch.zeros(4000, 1)).clamp(min=0).sum(1)
    assert changes.max() <= 1, "a stripe is in one piece"
    widths = stripe.sum(1).float()
    assert widths.max() <= 2 * SHARE * size + 1
    assert widths.mean().item() == pytest.approx(SHARE * size, rel=0.05)
    assert len(widths.unique()) > 4 and len(stripe.float().argmax(1).unique()) > size / 2


@pytest.mark.parametrize("axis", [1, 2])
def test_no_step_and_no_feature_is_spared(hidden: Tensor, axis: int) -> None:
    shares = hidden.all(3 - axis).float().mean(0)
    assert shares.min() > SHARE / 10
    assert shares.tolist() == pytest.approx(shares.flip(0).tolist(), abs=0.03), "both ends alike"


def test_only_stripes_are_hidden(hidden: Tensor) -> None:
    steps, features = hidden.all(2), hidden.all(1)
    assert hidden.equal(steps[:, :, None] | features[:, None, :])
