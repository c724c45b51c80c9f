"""The parts of a network follow the options and the features, and start from vectors or a language model if asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from throughtime.data.encoding.embeddings import Vectors
from throughtime.data.encoding.features import FrameFeatures, TokenFeatures, WordFeatures
from throughtime.data.encoding.units import Characters
from throughtime.data.encoding.word_vocabulary import WordVocabulary
from throughtime.data.record import Record
from throughtime.errors import CheckpointError
from throughtime.layers import GRU, LSTM
from throughtime.models.language_model import LanguageModel
from throughtime.models.many_to_one import ManyToOne
from throughtime.models.parts.cells import stack
from throughtime.models.parts.inputs import FrameInput, TokenInput, WordInput
from throughtime.tasks.supervised.network import make_input, make_recurrent, start_from_language_model, use_vectors
from throughtime.tasks.tag.options import Config
from throughtime.training.checkpoint import save_weights
from throughtime.training.files import MODEL_FILE

LEXICON = WordVocabulary(["the", "cat", "new"], "acehtT", [6, 2, 0])
NOISE: dict[str, Any] = {"dropout": 0.3, "word_dropout": 0.4, "character_dropout": 0.2, "frame_mask": 0.1}


@pytest.mark.parametrize("rare_only", [False, True])
@pytest.mark.parametrize("spelled", [False, True])
def test_words_are_read_as_the_options_say(spelled: bool, rare_only: bool) -> None:
    config = Config(spelling=7, **NOISE)
    features = WordFeatures(LEXICON, spelled=spelled)
    read = make_input(config, features, 10, rare_only=rare_only)
    assert isinstance(read, WordInput)
    assert read.embedding.weight.shape == (4, 10)
    assert read.output_size == 10 + 14 * spelled
    assert (read.dropout.p, read.character_dropout) == (0.3, 0.2)
    assert read.word_share[1:].tolist() == pytest.approx([0.4 / 6, 0.2, 0.4] if rare_only else [0.4] * 3)
    items = features.items([Record(("the", "unseen?", "T"), None, "")])
    arrays = {name: torch.from_numpy(array) for name, array in items.batch([0]).items() if name != "lengths"}
    assert read(**arrays).shape == (1, 3, read.output_size), "every number has a vector"


def test_tokens_and_frames_are_read_as_the_options_say() -> None:
    config = Config(**NOISE)
    tokens = make_input(config, TokenFeatures(Characters("abc")), 10, rare_only=True)
    assert isinstance(tokens, TokenInput) and tokens.embedding.weight.shape == (5, 10) and tokens.dropout.p == 0.3
    frames = make_input(config, FrameFeatures([1.0, 2.0], [3.0, 4.0]), 10, rare_only=True)
    assert isinstance(frames, FrameInput) and (frames.mask, frames.dropout.p, frames.output_size) == (0.1, 0.3, 10)
    assert (frames.mean.tolist(), frames.scale.tolist()) == ([1.0, 2.0], [3.0, 4.0])
    with pytest.raises(TypeError, match="no input for"):
        make_input(config, object(), 10, rare_only=True)  # type: ignore[arg-type]


@pytest.mark.parametrize("bidirectional", [False, True])
def test_the_layers_are_those_asked_for(bidirectional: bool) -> None:
    layers = make_recurrent(Config(cell="gru", hidden=6, layers=3, bidirectional=bidirectional), 5)
    assert isinstance(layers, GRU)
    assert (layers.input_size, layers.hidden_size, layers.num_layers) == (5, 6, 3)
    assert layers(torch.randn(2, 4, 5))[0].shape == (2, 4, 6 * (1 + bidirectional))
    assert isinstance(make_recurrent(Config(cell="lstm"), 5), LSTM)


@pytest.mark.parametrize("option", ["dropout", "zoneout", "recurrent_dropout", "weight_dropout", "layer_norm"])
def test_each_option_of_the_layers_does_something(option: str) -> None:
    calm: dict[str, Any] = {"layers": 2, "hidden": 6, "dropout": 0.0}

    def run(**options: Any) -> torch.Tensor:
        torch.manual_seed(0)
        layers = make_recurrent(Config(**{**calm, **options}), 5)
        return layers(torch.ones(2, 4, 5))[0]

    assert run().equal(run())
    assert not run().equal(run(**{option: True if option == "layer_norm" else 0.5}))


def test_known_words_start_from_their_vectors() -> None:
    features = WordFeatures(LEXICON, spelled=False)
    read = WordInput(4, 2)
    before = read.embedding.weight.detach().clone()
    rows = np.array([[1, 2], [3, 4], [5, 6]], np.float32)
    assert use_vectors(read, features, Vectors(["New", "missing", "the"], rows)) == 2
    after = read.embedding.weight.detach()
    assert after[[3, 1]].tolist() == [[1, 2], [5, 6]]
    assert after[[0, 2]].equal(before[[0, 2]]), "neither the unknown word nor the others"
    assert read.embedding.weight.requires_grad and read.embedding.weight.grad_fn is None


def language_model(**how: Any) -> LanguageModel:
    torch.manual_seed(1)
    return LanguageModel(9, **{"embedding_size": 4, "hidden_size": 5, "num_layers": 2, "cell": "gru", **how})


def classifier(**how: Any) -> ManyToOne:
    torch.manual_seed(2)
    return ManyToOne(TokenInput(9, 4), stack("gru", 4, 5, 2, **how), 3)


@pytest.mark.parametrize("tied", [False, True])
def test_a_language_model_gives_its_embedding_and_its_layers(tmp_path: Path, tied: bool) -> None:
    source, model = language_model(tied=tied), classifier()
    output = model.output.weight.detach().clone()
    save_weights(tmp_path / MODEL_FILE, source)
    start_from_language_model(tmp_path, model)
    tokens = torch.randint(9, (2, 6))
    ours, _ = model.eval().recurrent(model.read(tokens))
    theirs, _ = source.eval().recurrent(source.embedding(tokens))
    assert ours.equal(theirs)
    assert model.output.weight.equal(output)
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_of_a_language_model_with_labels_their_mean_is_taken(tmp_path: Path) -> None:
    source, model = language_model(conditions=2), classifier()
    assert source.condition is not None
    source.condition.weight.data[1] = source.condition.weight[0] + 1e-3  # so that the mean is nearly each of them
    save_weights(tmp_path / MODEL_FILE, source)
    start_from_language_model(tmp_path, model)
    tokens = torch.randint(9, (2, 6))
    ours, _ = model.eval().recurrent(model.read(tokens))
    for label in (0, 1):
        theirs, _ = source.eval().recurrent(source.read(tokens, torch.full_like(tokens, label)))
        torch.testing.assert_close(ours, theirs, atol=1e-3, rtol=0)


@pytest.mark.parametrize(
    "source",
    [language_model(hidden_size=6), language_model(embedding_size=3), language_model(num_layers=3), nn.Linear(2, 2)],
    ids=["hidden", "embedding", "layers", "no language model"],
)
def test_another_network_is_refused(tmp_path: Path, source: nn.Module) -> None:
    save_weights(tmp_path / MODEL_FILE, source)
    with pytest.raises(CheckpointError, match=MODEL_FILE):
        start_from_language_model(tmp_path, classifier())


def test_layers_that_the_language_model_has_not_are_refused(tmp_path: Path) -> None:
    save_weights(tmp_path / MODEL_FILE, language_model())
    with pytest.raises(CheckpointError, match="is not the language model"):
        start_from_language_model(tmp_path, classifier(bidirectional=True))


@pytest.mark.parametrize("content", [None, b"not safetensors"])
def test_missing_or_damaged_weights_are_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / MODEL_FILE).write_bytes(content)
    with pytest.raises(CheckpointError, match=MODEL_FILE):
        start_from_language_model(tmp_path, classifier())
