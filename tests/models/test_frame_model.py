"""The model of frames: state carried, cleared and conditioned as the equations say, and its decoder."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from throughtime.errors import UsageError
from throughtime.models.frame_model import FrameModel

KEYS, HIDDEN = 5, 6


def model(**options: object) -> FrameModel:
    torch.manual_seed(0)
    return FrameModel(KEYS, hidden_size=HIDDEN, embedding_size=4, **options).eval()  # type: ignore[arg-type]


def inputs(rows: int = 2, steps: int = 9) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).integers(0, 2, (rows, steps, KEYS + 1)).astype(np.float32))


def test_it_is_the_equation_step_by_step() -> None:
    """An LSTM by hand in float64 beside it."""
    made = model().double()
    read = inputs(1, 6).double()
    weights = dict(made.recurrent.named_parameters())
    h = c = torch.zeros(HIDDEN, dtype=torch.float64)
    expected = []
    for step in read[0]:
        x = made.input.weight @ step + made.input.bias
        gates = (
            weights["weight_ih_l0"] @ x + weights["bias_ih_l0"] + weights["weight_hh_l0"] @ h + weights["bias_hh_l0"]
        )
        i, f, g, o = gates.chunk(4)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        expected.append(made.output.weight @ h + made.output.bias)
    torch.testing.assert_close(made(read)[0][0], torch.stack(expected))


@pytest.mark.parametrize("cell", ["lstm", "gru", "mingru"])
def test_a_state_goes_on_and_a_reset_ends_it(cell: str) -> None:
    made, read = model(cell=cell, num_layers=2), inputs()
    whole, after = made(read)
    first, between = made(read[:, :4])
    second, end = made(read[:, 4:], between)
    torch.testing.assert_close(torch.cat([first, second], 1), whole)
    for one, other in zip(after, end, strict=True):
        torch.testing.assert_close(one, other)
    resets = torch.zeros(2, 9, dtype=torch.bool)
    resets[:, 4] = True
    torch.testing.assert_close(made(read, resets=resets)[0][:, 4:], made(read[:, 4:])[0])


def test_rows_of_other_lengths_do_not_see_each_other() -> None:
    made, read = model(), inputs()
    ragged, _ = made(read, lengths=torch.tensor([3, 9]))
    torch.testing.assert_close(ragged[0, :3], made(read[:1, :3])[0][0])
    torch.testing.assert_close(ragged[1], made(read[1:])[0][0])


def test_the_decoder_says_what_a_whole_pass_says() -> None:
    made, read = model(conditions=3), inputs()
    labels = torch.tensor([2, 0])
    whole, _ = made(read, conditions=labels[:, None].expand(2, 9))
    decoder = made.decoder([read[0, :4].numpy(), read[1, :4].numpy()], labels.tolist())
    for step in range(3, 9):
        np.testing.assert_allclose(decoder.step(read[:, step].numpy()), whole[:, step].detach(), rtol=1e-4, atol=1e-5)
    with pytest.raises(UsageError, match="needs one for each step"):
        made(read)
    with pytest.raises(UsageError, match="takes none"):
        model()(read, conditions=torch.zeros(2, 9, dtype=torch.int64))


def test_it_begins_with_how_often_each_key_is_there() -> None:
    made = model()
    made.expect(np.array([0.1, 0.5, 0.9, 0.25, 0.75]))
    torch.testing.assert_close(torch.sigmoid(made.output.bias), torch.tensor([0.1, 0.5, 0.9, 0.25, 0.75]))


def test_dropout_has_one_mask_for_all_steps() -> None:
    made = model(dropout=0.5).train()
    torch.manual_seed(1)
    ones = torch.ones(1, 5, 8)
    dropped = made._dropped(ones)
    assert set(dropped.unique().tolist()) == {0.0, 2.0} and (dropped == dropped[:, :1]).all()
    assert made.eval()._dropped(ones) is ones
