"""Whole nets as what is looked at: what they say, and its gradients, are those of the net run as usual."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from throughtime.errors import ArgumentTypeError, ShapeError, UsageError
from throughtime.insight import gradient_flow, inside
from throughtime.insight.windows import look
from throughtime.layers import CRF, LSTM
from throughtime.models.encoder_decoder import EncoderDecoder
from throughtime.models.fact_reader import FactReader
from throughtime.models.forecaster import Forecaster
from throughtime.models.language_model import LanguageModel
from throughtime.models.many_to_many import ManyToMany
from throughtime.models.many_to_one import POOLINGS, ManyToOne
from throughtime.models.parts.cells import stack
from throughtime.models.parts.inputs import FrameInput, TokenInput, WordInput
from throughtime.models.span_reader import SpanReader

Run = tuple[nn.Module, Any, Callable[[], Tensor], nn.Module, int]
"""A net, its layers, a run of it, the part whose output the layers read, and which call of the layers."""
TOKENS = torch.tensor([[1, 2, 3, 4, 5, 1, 2]])
INPUTS = {"tokens": TOKENS, "lengths": torch.tensor([7])}


def language_model() -> Run:
    net = LanguageModel(9, embedding_size=4, hidden_size=5, num_layers=2, dropout=0.5).double()
    return net, net.recurrent, lambda: net(TOKENS)[0][0, 4].log_softmax(-1), net.embedding, 0


def classifier(pooling: str, **options: Any) -> Run:
    net = ManyToOne(TokenInput(9, 4, dropout=0.5), stack("gru", 4, 5, **options), 3, pooling=pooling)
    net = net.double().train()
    return net, net.recurrent, lambda: net(INPUTS)[0], net.read, 0


def tagger() -> Run:
    net = ManyToMany(TokenInput(9, 4), stack("lstm", 4, 5, bidirectional=True), 3, crf=CRF(3)).double()
    return net, net.recurrent, lambda: net(INPUTS)[0, 4], net.read, 0


def frames() -> Run:
    net = ManyToOne(FrameInput([0.0] * 2, [1.0] * 2, 4), stack("sru", 4, 5, 2, pre_norm=True), 3).double()
    given = {"frames": torch.randn(1, 7, 2, dtype=torch.float64), "lengths": torch.tensor([7])}
    return net, net.recurrent, lambda: net(given)[0], net.read, 0


def encoder() -> Run:
    net = EncoderDecoder(TokenInput(9, 4), 10, cell="lstm", hidden_size=3, embedding_size=4, num_layers=2).double()

    def run() -> Tensor:
        return net(torch.tensor([[0, 4, 6]]), torch.tensor([3]), net.encode(INPUTS))[1].log_softmax(-1)

    return net, net.recurrent, run, net.read, 0


def decoder() -> Run:
    net = EncoderDecoder(TokenInput(9, 4), 10, hidden_size=3, embedding_size=4).double()

    def run() -> Tensor:
        return net(torch.tensor([[0, 4, 6]]), torch.tensor([3]), net.encode(INPUTS))[2].log_softmax(-1)

    return net, net.decoder.recurrent, run, net.decoder.embedding, 0


def facts() -> Run:
    net = FactReader(9, 4, stack("gru", 5, 5), 3, hops=0).double()
    given = {"content_places": torch.tensor([[0, 1, 0]]), "content_statements": torch.tensor([[1, 2], [3, 0]])}
    given |= {"content_statement_lengths": torch.tensor([2, 1]), "content_lengths": torch.tensor([3])}
    given |= {"question_words": torch.tensor([[4]]), "question_lengths": torch.tensor([1])}
    return net, net.recurrent, lambda: net(given)[0][0], net.dropout, 0


def spans(call: int) -> Run:
    sizes = (4, 4 * 6 + 1, 6)
    net = SpanReader(WordInput(9, 4), [stack("gru", size, 3, bidirectional=True) for size in sizes], attends=True)
    net = net.double()
    given = {"content_words": TOKENS, "content_lengths": torch.tensor([7])}
    given |= {"question_words": TOKENS[:, :3], "question_lengths": torch.tensor([3])}
    return net, net.recurrent, lambda: net(given).first[0], net.read, call


def forecaster() -> Run:
    net = Forecaster(5, 1, likelihood="laplace", hidden_size=8, embedding_size=4).double()
    x = torch.randn(1, 7, 5, dtype=torch.float64)
    return net, net.encoder.recurrent, lambda: net.output(net.encoder(x)[0])[0, -1].flatten(), net.encoder.read, 0


NETS: dict[str, Callable[[], Run]] = {
    "language model": language_model,
    **{f"{pooling} of a sequence": lambda pooling=pooling: classifier(pooling) for pooling in POOLINGS},
    "last of both ways": lambda: classifier("last", num_layers=2, bidirectional=True),
    "tagger": tagger,
    "frames": frames,
    "encoder": encoder,
    "decoder": decoder,
    "facts": facts,
    "context": lambda: spans(0),
    "question": lambda: spans(1),
    "forecaster": forecaster,
}


@pytest.mark.parametrize("net", NETS)
def test_what_a_net_says_and_where_it_comes_from(net: str) -> None:
    """Against PyTorch's autograd through the net itself, to the vectors that its layers read."""
    whole, layer, run, before, call = NETS[net]()
    seen = inside(whole, run, recurrent=layer, call=call)
    flow = gradient_flow(seen, towards=1)
    given: list[Tensor] = []
    handle = before.register_forward_hook(lambda module, inputs, output: given.append(output))  # pyright: ignore
    scores = run_evaluated(whole, run)
    handle.remove()
    call = 2 if net == "facts" else call  # statements and question go through the same part before
    (gradient,) = torch.autograd.grad(scores[1], given[call])
    np.testing.assert_allclose(look(seen).scores.detach().numpy(), scores.detach().numpy(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(seen.x.numpy(), given[call][0].detach().numpy())
    np.testing.assert_allclose(flow.inputs, gradient[0].norm(dim=1).numpy(), rtol=1e-8, atol=1e-14)
    assert flow.inputs.any()


def run_evaluated(net: nn.Module, run: Callable[[], Tensor]) -> Tensor:
    modes = {module: module.training for module in net.modules()}
    net.eval()
    scores = run()
    for module, mode in modes.items():
        module.training = mode
    return scores


def test_a_net_stays_as_it_was() -> None:
    whole, layer, run, _, _ = classifier("max")
    gradient_flow(inside(whole, run))
    assert all(module.training for module in whole.modules()) and "forward" not in vars(layer)
    assert all(weight.grad is None for weight in whole.parameters())


def test_a_window_of_a_net_and_a_step_inside() -> None:
    whole, _, run, _, _ = language_model()
    seen = inside(whole, run, at=4, texts=list("abcdefg"))
    full, part = gradient_flow(seen, towards=2), gradient_flow(seen, towards=2, window=3)
    assert part.texts == tuple("cde") and full.texts == tuple("abcde")
    for track, norms in part.norms.items():
        np.testing.assert_allclose(norms, full.norms[track][2:], rtol=1e-9)


def test_what_cannot_be_looked_at() -> None:
    layer, two = stack("gru", 4, 5), torch.randn(2, 3, 4)
    with pytest.raises(ArgumentTypeError, match="has no attribute recurrent: give recurrent="):
        inside(nn.Linear(3, 2), lambda: torch.zeros(2))
    with pytest.raises(ArgumentTypeError, match=r"make tt\.LSTM of the same sizes"):
        inside(layer, lambda: torch.zeros(2), recurrent=nn.LSTM(3, 2))  # pyright: ignore
    with pytest.raises(UsageError, match="called 0 times in a run of the net, so there is no call=0"):
        inside(layer, lambda: torch.zeros(2), recurrent=layer)
    with pytest.raises(ShapeError, match="one sequence is looked at"):
        inside(layer, lambda: layer(two)[0][0, -1], recurrent=layer)
    with pytest.raises(ShapeError, match="every step of the sequence must be read"):
        inside(layer, lambda: layer(two[:1], lengths=[2])[0][0, -1], recurrent=layer)
    with pytest.raises(ShapeError, match=r"\(S,\), got shape \(3, 5\)"):
        gradient_flow(inside(layer, lambda: layer(two[:1])[0][0], recurrent=layer))
    clears = torch.tensor([[False, True, False]])
    with pytest.raises(UsageError, match="clears its state inside the sequence"):
        inside(layer, lambda: layer(two[:1], resets=clears)[0][0, -1], recurrent=layer)
    assert "forward" not in vars(layer)


def test_a_net_whose_layers_are_not_batch_first_and_begin_with_a_state() -> None:
    layer, x = LSTM(3, 4, dtype=torch.float64), torch.randn(6, 1, 3, dtype=torch.float64)
    state = layer(torch.randn(2, 1, 3, dtype=torch.float64))[1]
    flow = gradient_flow(inside(layer, lambda: layer(x, state)[0][-1, 0], recurrent=layer), towards=0)
    leaf = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(layer(leaf, state)[0][-1, 0, 0], leaf)
    np.testing.assert_allclose(flow.inputs, gradient[:, 0].norm(dim=1).numpy(), rtol=1e-9)
