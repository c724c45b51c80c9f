"""The parts of a network that the tasks on labelled sequences share, made from the options and the features."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from throughtime.data.encoding.embeddings import Vectors
from throughtime.data.encoding.features import Features, FrameFeatures, TokenFeatures, WordFeatures
from throughtime.errors import CheckpointError
from throughtime.layers import Recurrent
from throughtime.models.parts.cells import stack
from throughtime.models.parts.inputs import FrameInput, TokenInput, WordInput
from throughtime.tasks.supervised.options import RecordOptions, SupervisedOptions
from throughtime.training.checkpoint import read_tensors, weights_of
from throughtime.training.files import MODEL_FILE

__all__ = ["make_input", "make_recurrent", "start_from_language_model", "use_vectors"]


def make_input(config: SupervisedOptions, features: Features, embedding: int, *, rare_only: bool) -> nn.Module:
    """Make the part that reads a batch's arrays.

    Args:
        config: sizes and dropouts.
        features: what the arrays hold.
        embedding: size of a word's or token's vector.
        rare_only: whether word dropout is for rare words, by how often they were seen, not for all alike.

    Returns:
        A module with ``output_size``.
    """
    match features:
        case WordFeatures(vocabulary=vocabulary, spelled=spelled):
            return WordInput(
                len(vocabulary.words) + 1,
                embedding,
                characters=vocabulary.letter_numbers if spelled else 0,
                character_hidden=config.spelling,
                dropout=config.dropout,
                word_dropout=config.word_dropout,
                character_dropout=config.character_dropout,
                counts=[1, *vocabulary.counts] if rare_only else None,
            )
        case TokenFeatures(vocabulary=vocabulary):
            return TokenInput(len(vocabulary), embedding, dropout=config.dropout)
        case FrameFeatures(mean=mean, scale=scale):
            return FrameInput(mean, scale, embedding, dropout=config.dropout, mask=config.frame_mask)
        case _:
            raise TypeError(f"no input for {features!r}")


def make_recurrent(config: RecordOptions, input_size: int) -> Recurrent:
    """Make the recurrent layers that the options ask for.

    Args:
        config: the options.
        input_size: features of one step.

    Returns:
        The layers.
    """
    return stack(
        input_size=input_size, hidden_size=config.hidden, bidirectional=config.bidirectional, **config.recurrent()
    )


@torch.no_grad()
def use_vectors(read: WordInput, features: WordFeatures, vectors: Vectors) -> int:
    """Start from word vectors that were learned elsewhere.

    Args:
        read: takes them.
        features: what numbers the words.
        vectors: the vectors.

    Returns:
        How many words have one.
    """
    numbers = features.vocabulary.numbers(vectors.words)
    known = [place for place, number in enumerate(numbers) if number]
    read.embedding.weight[[numbers[place] for place in known]] = torch.from_numpy(vectors.rows[known])
    return len(known)


@torch.no_grad()
def start_from_language_model(folder: Path, model: nn.Module) -> None:
    """Take the embedding and the recurrent layers of a language model.

    Of one that writes texts for labels, the mean of the labels' vectors goes into those of the tokens.

    Args:
        folder: the run of the language model.
        model: takes them; has ``read`` and ``recurrent``.

    Raises:
        CheckpointError: the weights are missing, damaged or of another shape.
    """
    path = folder / MODEL_FILE
    tensors, _ = read_tensors(path)
    places = {"embedding.weight": "read.embedding.weight"}
    parts = ("read.embedding.", "recurrent.")
    targets = {name: tensor for name, tensor in weights_of(model).items() if name.startswith(parts)}
    given = {places.get(name, name): tensor for name, tensor in tensors.items()}
    if "condition.weight" in tensors:
        given["read.embedding.weight"] = given["read.embedding.weight"] + tensors["condition.weight"].mean(0)
    given = {name: tensor for name, tensor in given.items() if name.startswith(parts)}
    for name in sorted(given.keys() | targets.keys()):
        if name not in given or name not in targets or targets[name].shape != given[name].shape:
            raise CheckpointError(f"{path} is not the language model that its config.json says: {name} does not fit")
        targets[name].copy_(given[name])
