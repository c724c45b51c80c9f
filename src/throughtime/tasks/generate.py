"""Learn a text and write more of it: the task ``generate``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch

from throughtime.data.encoding.vocabulary import Vocabulary, build_vocabulary
from throughtime.data.planning.lanes import LanePlan, plan_lanes
from throughtime.data.planning.split import hold_out_text
from throughtime.data.reading import Note
from throughtime.data.text import Text
from throughtime.data.user_data import Given
from throughtime.errors import DataError
from throughtime.models.language_model import LanguageModel
from throughtime.tasks.generate_config import Config
from throughtime.tasks.text_model import Corpus, TextModel, note_unknown, rates, read_as, saved_vocabulary
from throughtime.training.checkpoint import load_weights
from throughtime.training.files import MODEL_FILE
from throughtime.training.job import State, StepResult

__all__ = ["HELD_OUT", "Config", "GenerateJob", "open_model", "prepare"]

HELD_OUT = 0.1
"""Share of the text that is kept for validation where none is given."""
SAMPLE_LENGTH = 200
SAMPLE_TEMPERATURE = 0.8


class GenerateJob:
    """Training a language model on one text: what the loop needs.

    Args:
        text_model: the model, on its device.
        train: the training text.
        valid: the held-out text.
    """

    name = "generate"
    criterion, counted = "bits_per_character", "tokens"

    def __init__(self, text_model: TextModel, train: Corpus, valid: Corpus) -> None:
        self.text_model, self.train, self.valid = text_model, train, valid
        self._planned: tuple[int, LanePlan] | None = None
        self.steps_per_epoch = len(self._plan(0))

    @property
    def module(self) -> LanguageModel:
        return self.text_model.model

    @property
    def content_key(self) -> str:
        return f"{self.train.source.content_key}-{self.valid.source.content_key}"

    @property
    def artifacts(self) -> Mapping[str, str]:
        """Files beside the weights that the model needs: content by name."""
        return {self.text_model.vocabulary.file_name: self.text_model.vocabulary.to_json()}

    @property
    def details(self) -> Mapping[str, object]:
        return {
            **self.text_model.describe(),
            "training_characters": self.train.characters,
            "training_tokens": self.train.predictions,
            "training_documents": len(self.train.source),
            "validation_characters": self.valid.characters,
            "validation_tokens": self.valid.predictions,
        }

    def _plan(self, epoch: int) -> LanePlan:
        """Plan an epoch; that of the current one is kept."""
        if self._planned is None or self._planned[0] != epoch:
            config = self.text_model.config
            self._planned = (
                epoch,
                plan_lanes(
                    self.train.source.lengths,
                    seed=config.seed,
                    epoch=epoch,
                    token_budget=config.lanes * config.tbptt,
                    lanes=config.lanes,
                ),
            )
        return self._planned[1]

    def step(self, step: int, state: State) -> StepResult:
        epoch, place = divmod(step, self.steps_per_epoch)
        plan = self._plan(epoch)
        # Each epoch starts elsewhere in the text, so the state of the one before has no meaning there.
        loss, after = self.text_model.forward(self.train, plan[place], state if place else ())
        count = plan.tokens(place)
        return StepResult(loss, after, count, count)

    def metrics(self, loss: float) -> dict[str, float]:
        """Express a loss with the training text's mean characters per token."""
        nats = loss * self.train.predictions
        return {name: value for name, value in rates(self.train, nats).items() if name != "loss"}

    def validate(self) -> dict[str, float]:
        return self.text_model.score(self.valid)

    def start_from(self, folder: Path) -> None:
        """Take the weights of another run."""
        load_weights(folder / MODEL_FILE, self.module)

    def pictures(self) -> Mapping[str, str]:
        return {}

    def sample(self, step: int) -> str:
        seed = self.text_model.config.seed + step
        text = ""
        for piece in self.text_model.generate_stream(length=SAMPLE_LENGTH, temperature=SAMPLE_TEMPERATURE, seed=seed):
            text += piece
            if len(text) >= SAMPLE_LENGTH:
                break
        return text


def _network(config: Config, vocabulary: Vocabulary, device: torch.device) -> LanguageModel:
    return LanguageModel(
        len(vocabulary),
        cell=config.cell,
        embedding_size=config.embedding,
        hidden_size=config.hidden,
        num_layers=config.layers,
        tied=config.tied,
        dropout=config.dropout,
        layer_norm=config.layer_norm,
        zoneout=config.zoneout,
        recurrent_dropout=config.recurrent_dropout,
        weight_dropout=config.weight_dropout,
    ).to(device)


def _vocabulary(config: Config, text: Text, known: Path | None) -> Vocabulary:
    """Take the vocabulary of a run, or build one from the training text."""
    return (
        saved_vocabulary(config.unit, known) if known else build_vocabulary(config.unit, text, config.vocabulary_size)
    )


def _note_size(config: Config, vocabulary: Vocabulary, note: Note) -> None:
    if config.vocabulary_size is not None and len(vocabulary) < config.vocabulary_size:
        note(f"the training text has only {len(vocabulary):,} {config.unit} to know, not {config.vocabulary_size:,}")


def _require_separator(config: Config, text: Text) -> None:
    """Raise where a separator was given that the training text does not have."""
    if config.separator is not None and not any(document.gap for document in text.documents):
        raise DataError(
            f"the separator {config.separator!r} does not occur in the training text; "
            "in a shell, a line end is written $'\\n' and an empty line between documents $'\\n\\n'"
        )


def _quiet_rare_tokens(text_model: TextModel) -> None:
    """Start the vectors of tokens that training sees seldom or never at zero, so that they disturb nothing."""
    rare = [token for token in (text_model.vocabulary.document, text_model.vocabulary.unknown) if token is not None]
    with torch.no_grad():
        text_model.model.embedding.weight[rare] = 0.0


def prepare(
    config: Config, train: Given, valid: Given | None, *, device: torch.device, note: Note, known: Path | None
) -> GenerateJob:
    """Read the data and build everything that training needs, writing nothing.

    Args:
        config: the options.
        train: text to learn.
        valid: text to validate on; None holds out the last part of ``train``.
        device: where the network goes.
        note: called with what the user should know, one line each.
        known: folder of a run whose vocabulary is used, or None to build one from the training text.

    Returns:
        The job; the first weights are drawn from torch's generator.

    Raises:
        DataError: the text cannot be read, or is too short.
        CheckpointError: the vocabulary in ``known`` is missing or damaged.
    """
    text = read_as(config, train, note)
    _require_separator(config, text)
    if valid is None:
        text, held_out = hold_out_text(text, HELD_OUT)
        amount = f"{len(held_out):,} {'bytes' if config.unit == 'bytes' else 'characters'}"
        note(f"no validation text given: the last {HELD_OUT:.0%} of the text is held out for it ({amount})")
    else:
        held_out = read_as(config, valid, note)
    vocabulary = _vocabulary(config, text, known)
    _note_size(config, vocabulary, note)
    text_model = TextModel(config, vocabulary, _network(config, vocabulary, device))
    _quiet_rare_tokens(text_model)
    corpora = text_model.encode(text), text_model.encode(held_out)
    for name, corpus in zip(("the training text", "the validation text"), corpora, strict=True):
        note_unknown(name, vocabulary, corpus, note)
    return GenerateJob(text_model, *corpora)


def open_model(config: Config, folder: Path, device: torch.device) -> TextModel:
    """Open the model of a run for use.

    Args:
        config: the run's options.
        folder: the run.
        device: where the network goes.

    Returns:
        The model, ready to score and write text.

    Raises:
        CheckpointError: a file of the run is missing or damaged.
    """
    vocabulary = saved_vocabulary(config.unit, folder)
    model = _network(config, vocabulary, device).eval()
    load_weights(folder / MODEL_FILE, model)
    return TextModel(config, vocabulary, model)
