"""From files to a job: what the tasks on labelled sequences do alike before training, and keep beside the weights."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np

from throughtime.data.encoding.building import build_features, load_features
from throughtime.data.encoding.embeddings import Vectors, read_vectors
from throughtime.data.encoding.features import Features, TokenFeatures, WordFeatures, unlike, words_of
from throughtime.data.formats.file_loader import FileLoader
from throughtime.data.planning.split import hold_out, hold_out_end, lonely, windows
from throughtime.data.reading import Note, Problems, Reading
from throughtime.data.record import Record
from throughtime.data.user_data import Given
from throughtime.errors import CheckpointError, DataError, UsageError
from throughtime.models.inputs import WordInput
from throughtime.tasks.honoured import check_columns, check_meaning
from throughtime.tasks.learner import Learner, Prediction
from throughtime.tasks.learner_job import LearnerJob
from throughtime.tasks.network import use_vectors
from throughtime.tasks.order import read_config
from throughtime.tasks.records import count_skipped, read_all, reading_of, usable
from throughtime.tasks.sequence_config import SequenceOptions
from throughtime.tasks.text_model import saved_vocabulary
from throughtime.training.files import read_json

__all__ = ["HELD_OUT", "INPUTS_FILE", "SKIPPED_FILE", "Saved", "prepare_learner", "read_saved"]

HELD_OUT = 0.1
"""Share of the data that is kept for validation where none is given."""
INPUTS_FILE = "inputs.json"
SKIPPED_FILE = "skipped.txt"

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Saved:
    """What a run keeps of its data: the content of ``inputs.json``."""

    features: Features
    """What the network reads."""
    embedding: int
    """Size of the vector of a word or token, or of the layer over frames."""
    answers: Mapping[str, Any]
    """What the network can say."""
    rate: int | None = None
    """Samples a second of the sounds that were learned from; None where there were none."""

    def to_json(self) -> str:
        """Write it down."""
        features = {"features": self.features.to_mapping(), "embedding": self.embedding}
        return json.dumps({**features, "answers": self.answers, "rate": self.rate}, ensure_ascii=False, indent=1)


def read_saved(folder: Path) -> Saved:
    """Read what a run kept of its data.

    Args:
        folder: the run.

    Returns:
        Its ``inputs.json``.

    Raises:
        CheckpointError: the file is missing or damaged.
    """
    path = folder / INPUTS_FILE
    content = read_json(path)
    try:
        rate = content.get("rate")
        features, embedding = load_features(content["features"]), int(content["embedding"])
        return Saved(features, embedding, content["answers"], None if rate is None else int(rate))
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged: {error}; nothing was changed") from None


def prepare_learner(
    config: SequenceOptions,
    train: Given,
    valid: Given | None,
    *,
    note: Note,
    known: Path | None,
    per_step: bool,
    answers: Callable[[Sequence[Record]], Mapping[str, Any]],
    build: Callable[[Saved, Sequence[Record]], Learner[Answer]],
    show: Callable[[Record, Prediction], str],
) -> LearnerJob[Answer]:
    """Read the data and build everything that training needs, writing nothing.

    Args:
        config: the options.
        train: what to learn from.
        valid: what to validate on; None holds out a part of ``train``.
        note: called with what the user should know, one line each.
        known: folder of a run whose vocabulary and labels are used, or None.
        per_step: whether there is an answer for each step.
        answers: collects what the network can say from the training data.
        build: makes the learner from what is kept of the data, and the training data.
        show: writes a line about a held-out record.

    Returns:
        The job.
    """
    problems, how = Problems(skip=config.skip_bad, note=note), reading_of(config, per_step=per_step)
    load = FileLoader(how, note, rate=_rate_of(known) if known else None)
    check_columns(config, train.paths, how)
    records, held_out = _read(train, valid, how, problems, load)
    if config.skip_bad:
        records = list(usable(records, lonely(records), problems))
    found = answers(records)
    if not valid:
        records, held_out = _split(records, note, per_step=per_step)
    if per_step and _is_one_series(records):
        records = _cut(records[0], note)
    vectors = _vectors(config, [*records, *held_out], note) if known is None else None
    saved = (
        _known(config, known, records, found, per_step) if known else _new(config, records, found, vectors, per_step)
    )
    saved = replace(saved, rate=load.rate)
    check_meaning(config, saved.features.kind, load.kinds, note)
    records, held_out = (_readable(part, saved.features, problems) for part in (records, held_out))
    learner = build(saved, records)
    if vectors is not None:
        _start_from_vectors(learner, vectors, note)
    artifacts = {INPUTS_FILE: saved.to_json(), **_list_of_skipped(problems)}
    examples, held_out = learner.examples(records), learner.examples(held_out)
    learner.check_labels(examples.records, note, learning=True)
    learner.check_labels(held_out.records, note)
    return LearnerJob(learner, examples, held_out, artifacts=artifacts, show=show)


def _list_of_skipped(problems: Problems) -> dict[str, str]:
    """Say how many records were skipped, and give the file that lists them, if there are any."""
    if not problems.skipped:
        return {}
    problems.note(f"{count_skipped(problems)}; {SKIPPED_FILE} lists them, the first: {problems.skipped[0]}")
    return {SKIPPED_FILE: "\n".join(problems.skipped) + "\n"}


def _rate_of(folder: Path) -> int | None:
    """The sampling rate that a run to go on with, or to start from, has learned from; a language model has none."""
    return None if read_config(folder)["task"] == "generate" else read_saved(folder).rate


def _read(
    train: Given, valid: Given | None, how: Reading, problems: Problems, load: FileLoader
) -> tuple[list[Record], list[Record]]:
    """Read (what to learn from, what to validate on); all records are of one kind."""
    records = read_all(train, how, problems, what="the training data", load=load)
    held_out = read_all(valid, how, problems, what="the validation data", load=load) if valid else []
    alike = partial(unlike, records[0])
    return list(usable(records, alike, problems)), list(usable(held_out, alike, problems))


def _readable(records: Sequence[Record], features: Features, problems: Problems) -> list[Record]:
    readable = list(usable(records, features.problem, problems))
    if not readable:
        raise DataError(f"no record can be read by the network; the first: {problems.skipped[-1]}")
    return readable


def _is_one_series(records: Sequence[Record]) -> bool:
    """Whether there is a single series with a label for each of its steps."""
    return len(records) == 1 and isinstance(records[0].content, np.ndarray) and isinstance(records[0].target, tuple)


def _cut(series: Record, note: Note) -> list[Record]:
    """Cut a series into windows to learn from; predictions are made for a series as a whole."""
    parts = windows(series)
    if len(parts) > 1:
        longest = max(len(part.content) for part in parts)
        note(f"the {len(series.content):,} steps to learn from are cut into {len(parts):,} windows of up to {longest}")
    return parts


def _split(records: Sequence[Record], note: Note, *, per_step: bool) -> tuple[list[Record], list[Record]]:
    if per_step and _is_one_series(records):
        before, after = hold_out_end(records[0], HELD_OUT)
        note(
            f"no validation data given: of the one series the last {HELD_OUT:.0%} of the time is held out for it "
            f"({len(after.content):,} steps)"
        )
        return [before], [after]
    train, held_out = hold_out(records, HELD_OUT)
    share = "" if per_step else ", from each label its share"
    note(
        f"no validation data given: {len(held_out):,} of {len(records):,} examples are held out for it, "
        f"chosen by a hash of their content{share}"
    )
    return train, held_out


def _vectors(config: SequenceOptions, records: Sequence[Record], note: Note) -> Vectors | None:
    if config.embeddings is None:
        return None
    if not isinstance(records[0].content, str | tuple) or config.unit not in (None, "words"):
        raise UsageError("embeddings are vectors of words; this data is not read word by word")
    return read_vectors(Path(config.embeddings), {word.lower() for each in records for word in words_of(each)}, note)


def _new(
    config: SequenceOptions,
    records: Sequence[Record],
    answers: Mapping[str, Any],
    vectors: Vectors | None,
    per_step: bool,
) -> Saved:
    """What new training data says."""
    features = build_features(
        records,
        unit="words" if vectors is not None else config.unit,
        spelled=config.spelling > 0,
        per_word=per_step,
        at_least=config.min_count,
        vocabulary_size=config.vocabulary_size,
        extra_words=vectors.words if vectors is not None else (),
    )
    return Saved(features, config.embedding if vectors is None else vectors.rows.shape[1], answers)


def _known(
    config: SequenceOptions, folder: Path, records: Sequence[Record], answers: Mapping[str, Any], per_step: bool
) -> Saved:
    """What the run that is gone on with, or started from, has kept."""
    run = read_config(folder)
    if run["task"] != "generate":
        return read_saved(folder)
    if not isinstance(records[0].content, str | tuple):
        raise DataError(f"{folder} is a language model: it reads text, not {records[0].place}")
    vocabulary = saved_vocabulary(run["options"]["unit"], folder)
    return Saved(TokenFeatures(vocabulary, per_word=per_step, marked=True), config.embedding, answers)


def _start_from_vectors(learner: Learner[Answer], vectors: Vectors, note: Note) -> None:
    features, read = learner.features, cast(Any, learner.model).read
    assert isinstance(features, WordFeatures) and isinstance(read, WordInput)
    known = use_vectors(read, features, vectors)
    note(f"{known:,} words start from vectors of {vectors.rows.shape[1]} numbers, which sets embedding")
