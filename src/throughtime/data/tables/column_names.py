"""Which column of a table is which: by the name or number asked for, or by the names that such columns have."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from throughtime.data.reading import Problems, Reading
from throughtime.doors import option
from throughtime.errors import DataError, UsageError

__all__ = ["choose_columns", "known_column", "listed", "pick_column", "say_columns"]

_TEXTS = (
    *("text", "sentence", "review", "content", "message", "document", "comment", "tweet", "headline", "question"),
    *("body", "phrase", "poem", "name", "title", "sequence"),
)
_TARGETS = (
    "label",
    "labels",
    "class",
    "target",
    "category",
    "sentiment",
    "tag",
    "tags",
    "y",
    "score",
    "rating",
    "language",
)
_WORDS = ("tokens", "words", *_TEXTS)
_TAGS = ("tags", "labels", "ner_tags", "pos_tags", "chunk_tags", "upos", "xpos", "ner", "pos", *_TARGETS)
_WORD_TAGS = ("tag", "label", "ner_tag", "pos_tag", "chunk_tag", *_TAGS)
_SOURCES = ("source", "src", "input", "from", *_TEXTS)
_SEQUENCES = ("target", "tgt", "translation", "output", "reference", "to")
"""No name of labels: a label beside a text is not what is to be written."""
_PICTURES = ("image", "picture", "file", "file_name", "filename", "path", "image_path", "image_file", "photo", "img")
_CAPTIONS = ("caption", "captions", "description", "sentences", "sentence", "text", "comment", *_SEQUENCES)
_SHOWN = 20


def known_column(names: Sequence[str], how: Reading, role: str) -> str | None:
    """Find a column by the names that such columns usually have, whatever the size of their letters.

    Args:
        names: the columns there are.
        how: whether there is a target for each step, and whether targets are sequences.
        role: ``"text"``, ``"target"``, or ``"word's target"`` where each row has a word and its label.

    Returns:
        The first in the order of the usual names, or None.

    Example:
        >>> known_column(["id", "Review", "title"], Reading(), "text")
        'Review'
        >>> known_column(["label", "translation"], Reading(target_type="sequences"), "target")
        'translation'
    """
    usual = {("text", False): _TEXTS, ("text", True): _WORDS, ("target", False): _TARGETS, ("target", True): _TAGS}
    usual |= {("word's target", True): _WORD_TAGS, ("word's target", False): _TARGETS}
    if how.target_type == "sequences":
        usual |= {("text", False): _SOURCES, ("target", False): _SEQUENCES}
    if how.captions:
        usual |= {("text", False): _PICTURES, ("target", False): _CAPTIONS}
    there = {name.strip().casefold(): name for name in reversed(names)}
    return next((there[name] for name in usual[role, how.per_step] if name in there), None)


def pick_column(names: Sequence[str], asked: str, where: str, asking: str) -> str:
    """Find the column that the user asked for, by its name or else by its number, from 1.

    Args:
        names: the columns there are.
        asked: name or number.
        where: the file, for the message.
        asking: the option that asked, for the message.

    Returns:
        Its name.

    Raises:
        DataError: there is none; the message lists those there are.

    Example:
        >>> pick_column(["id", "plot"], "plot", "a.csv", "text_column"), pick_column(["id", "plot"], "1", "", "")
        ('plot', 'id')
    """
    if asked in names:
        return asked
    if asked.isdecimal() and 1 <= int(asked) <= len(names):
        return names[int(asked) - 1]
    near = get_close_matches(asked, names, n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    raise DataError(f"{where} has no column {asked!r}{hint}; it has {listed(names)}: choose one with {option(asking)}")


def choose_columns(
    names: Sequence[str], how: Reading, problems: Problems, where: str, *, targets: bool
) -> tuple[str, str | None]:
    """Tell which columns hold the text (or the file's name) and the target.

    Args:
        names: the columns there are.
        how: the columns that were asked for; None takes one that has a usual name, and says so.
        problems: where notes go.
        where: the file, for messages.
        targets: whether the target is needed; without it that column is not looked for.

    Returns:
        (column of the text or file, column of the target or None).

    Raises:
        DataError: one is missing; the message lists those there are.
        UsageError: both a column of texts and one of files were asked for.

    Example:
        >>> choose_columns(["id", "text", "label"], Reading(), Problems(), "a.csv", targets=True)
        a.csv: the text is column 'text', the target column 'label'
        ('text', 'label')
    """
    if how.file_column is not None and how.text_column is not None:
        raise UsageError(f"give {option('text_column')} or {option('file_column')}, not both")
    if how.file_column is not None:
        content = pick_column(names, how.file_column, where, "file_column")
    else:
        content = _asked_or_known(names, how.text_column, how, where, "text")
    target = _asked_or_known(names, how.target_column, how, where, "target") if targets else None
    if content == target:
        raise DataError(f"{where}: the text and the target are both column {content!r}; choose two different ones")
    if how.text_column is how.file_column is None or (targets and how.target_column is None):
        problems.note(f"{where}: {say_columns(content, target, pictures=how.captions)}")
    return content, target


def say_columns(content: str, target: str | None, *, pictures: bool = False) -> str:
    """Say which columns are read.

    Args:
        content: column of the text, or of the file's name.
        target: column of the target, or None.
        pictures: whether it is pictures that are read, and their captions.

    Returns:
        The end of a sentence.

    Example:
        >>> say_columns("text", None)
        "the text is column 'text'"
    """
    what, other = ("picture", "caption") if pictures else ("text", "target")
    return f"the {what} is column {content!r}" + ("" if target is None else f", the {other} column {target!r}")


def _asked_or_known(names: Sequence[str], asked: str | None, how: Reading, where: str, role: str) -> str:
    if asked is not None:
        return pick_column(names, asked, where, f"{role}_column")
    known = known_column(names, how, role)
    if known is None:
        asking = "file" if role == "text" and how.captions else role
        raise DataError(
            f"{where} has no column with a usual name for the {asking}; it has {listed(names)}: "
            f"say which with {option(f'{asking}_column')}{_both_in_one(names, how)}"
        )
    return known


def _both_in_one(names: Sequence[str], how: Reading) -> str:
    """Say what to do with a column that holds source and target, as data sets of Hugging Face have it."""
    both = how.target_type == "sequences" and next((each for each in names if each.casefold() == "translation"), "")
    return f"; if {both!r} holds a text for each language, make each of them a column" if both else ""


def listed(names: Sequence[str]) -> str:
    """Write the names of columns for a message, the first of them where there are many."""
    shown = ", ".join(repr(name) for name in names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown
