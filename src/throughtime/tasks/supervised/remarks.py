"""What must be known of the data to believe its scores: copies, labels that are nearly all, unknown words. No torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol

from throughtime.data.encoding.features import Features, TokenFeatures, WordFeatures
from throughtime.data.encoding.items import Items, TokenItems, WordItems
from throughtime.data.encoding.joined import CONTENT, JoinedFeatures, JoinedItems
from throughtime.data.reading import Note
from throughtime.doors import option
from throughtime.tasks.supervised.examples import Examples, SavedInputs
from throughtime.tasks.supervised.options import SupervisedOptions

__all__ = ["Hashed", "Labelled", "note_copies", "note_imbalance", "note_unknown"]

IMBALANCED = 0.8
"""Share of one label from which on accuracy says little."""
FEW_DIFFERENT = 0.5
"""Share of different records up to which validation data is said to consist of copies."""
MOSTLY = 0.5
"""Share of unknown tokens from which on the network cannot learn much of what it reads."""


class Hashed(Protocol):
    """Records that can be told apart by what they hold."""

    @property
    def hashes(self) -> Sequence[bytes]:
        """A hash of what each record holds."""
        ...


class Labelled(Protocol):
    """Records with labels."""

    @property
    def label_counts(self) -> Counter[str]:
        """How often each label is there."""
        ...


def note_copies(train: Hashed, valid: Hashed, note: Note, *, given: bool) -> None:
    """Tell of validation data that was learned from, or that is the same few records again and again.

    Args:
        train: what is learned from; its ``hashes`` tell what the records hold.
        valid: what is validated on.
        note: told, in a line each.
        given: whether the validation data was given, not held out of the training data.
    """
    apart = f"leave copies out of the data, or give {option('valid')}"
    held_out, learned = valid.hashes, set(train.hashes)
    copies, different, total = sum(each in learned for each in held_out), len(set(held_out)), len(held_out)
    if copies:
        mend = (
            "leave them out of one of the two" if given else f"leave copies out of the data, or give {option('valid')}"
        )
        note(
            f"{copies:,} of the {total:,} validation examples ({copies / total:.1%}) also stand in the training data, "
            f"so the scores tell in part what was learned by heart; {mend}"
        )
    if different <= FEW_DIFFERENT * total:
        mend = "give more" if given else apart
        note(
            f"the {total:,} validation examples are copies: only {different:,} of them "
            f"{'is' if different == 1 else 'are'} different, so the scores say little; {mend}"
        )


def note_imbalance(valid: Labelled, note: Note, *, what: str, mend: str) -> None:
    """Tell of a label that nearly all have, for then accuracy says little.

    Args:
        valid: what is validated on or scored, each label counted.
        note: told, in a line.
        what: what has a label: examples or steps.
        mend: what to look at, or to try.
    """
    counts = valid.label_counts
    label, count = counts.most_common(1)[0]
    share = count / counts.total()
    if share >= IMBALANCED and len(counts) > 1:
        note(
            f"{share:.1%} of the {what} to score have the label {label!r}: to say it always has an accuracy of "
            f"{share:.3f}; {mend}"
        )


def note_unknown(
    valid: Examples[Any], inputs: SavedInputs[Any], config: SupervisedOptions, note: Note, *, known: bool
) -> None:
    """Tell of validation data most of whose words or tokens the vocabulary does not know.

    Args:
        valid: what is validated on.
        inputs: what the network reads.
        config: the options that made it so.
        note: told, in a line.
        known: whether the vocabulary is that of another run.
    """
    unknown, total = _unknown(valid.items, inputs.features)
    if unknown <= MOSTLY * total:
        return
    unit = inputs.features.describe().get("unit", "words")
    spelled = isinstance(inputs.features, WordFeatures) and inputs.features.spelled
    what = "the network has their spelling alone" if spelled else "the network cannot tell them apart"
    note(
        f"{unknown:,} of the {total:,} {unit} of the validation data ({unknown / total:.0%}) are unknown: {what}; "
        f"{_what_to_try(inputs, config, known)}"
    )


def _unknown(items: Items, features: Features) -> tuple[int, int]:
    """(Words or tokens of the content that are unknown, all of them)."""
    if isinstance(items, JoinedItems) and isinstance(features, JoinedFeatures):
        return _unknown(items.parts[CONTENT], features.parts[CONTENT])
    total = int(items.lengths.sum())
    if isinstance(items, WordItems):
        return items.unknown, total
    if isinstance(items, TokenItems) and isinstance(features, TokenFeatures):
        unknown = features.vocabulary.unknown
        return 0 if unknown is None else items.count(unknown), total
    return 0, total


def _what_to_try(inputs: SavedInputs[Any], config: SupervisedOptions, known: bool) -> str:
    if known:
        return "the vocabulary is that of the run that is gone on with: try a new run"
    if isinstance(inputs.features, TokenFeatures) and inputs.features.vocabulary.unit == "characters":
        return f"try {option('unit', 'bytes')}"
    tries = [option("min_count", 1)] if config.min_count > 1 else []
    tries += [f"a larger {option('vocabulary_size')}"] if config.vocabulary_size is not None else []
    without = "" if config.embeddings is None else f" without {option('embeddings')}"
    tries.append(option("unit", "characters") + without)
    return f"try {' or '.join(tries)}"
