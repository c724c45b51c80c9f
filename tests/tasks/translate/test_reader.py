"""Pairs of texts out of files, tables and memory: the same whatever they stand in, and never parted wrongly."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from throughtime.data.reading import Problems
from throughtime.data.record import Record, Sequences
from throughtime.data.user_data import user_data
from throughtime.errors import DataError, UsageError
from throughtime.tasks.supervised.examples import Prepared
from throughtime.tasks.translate.options import Config
from throughtime.tasks.translate.reader import TranslateReader
from throughtime.tasks.writing.targets import Right, right_of

Pair = tuple[str, tuple[str, ...]]
PAIRS = [(f"ein Hund {n}, ja", f"a dog {n}, yes") for n in range(40)]
ROWS = [{"source": source, "target": target} for source, target in PAIRS]
OTHER_NAMES = [{"de": source, "id": str(n), "en": target} for n, (source, target) in enumerate(PAIRS)]
COLUMNS = {"source_column": "de", "target_column": "en"}


def read(data: object = None, *, notes: list[str] | None = None, roles: Any = None, **options: Any) -> Prepared[Right]:
    reader = TranslateReader(Config.from_mapping(options))
    note = (notes if notes is not None else []).append
    return reader.read(user_data({"data": data, **(roles or {})}), known=None, note=note)


def pairs_of(records: Any) -> list[Pair]:
    return [(str(record.content), right_of(record)) for record in records]


def both_of(prepared: Prepared[Right]) -> list[list[Pair]]:
    return [pairs_of(prepared.train.records), pairs_of(prepared.valid.records)]


def written(path: Path, text: str) -> Path:
    raw = text.encode()
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)
    return path


def delimited(rows: list[dict[str, str]], separator: str) -> str:
    quoted = [[f'"{cell}"' if separator in cell else cell for cell in row.values()] for row in rows]
    return "".join(separator.join(cells) + "\n" for cells in [list(rows[0]), *quoted])


def table(folder: Path, name: str, rows: list[dict[str, str]]) -> Path:
    """A table in the form that its name says."""
    form = name.removesuffix(".gz").rsplit(".", 1)[1]
    if form == "parquet":
        polars = pytest.importorskip("polars")
        polars.DataFrame(rows).write_parquet(folder / name)
        return folder / name
    texts = {
        "tsv": lambda: delimited(rows, "\t"),
        "csv": lambda: delimited(rows, ","),
        "jsonl": lambda: "".join(json.dumps(row) + "\n" for row in rows),
        "json": lambda: json.dumps(rows),
    }
    return written(folder / name, texts[form]())


def aligned(folder: Path, end: str = ".txt", pairs: list[tuple[str, str]] = PAIRS) -> dict[str, Path]:
    """A file of lines for each side."""
    sides = zip(*pairs, strict=True)
    return {
        role: written(folder / f"{role}{end}", "".join(f"{text}\n" for text in texts))
        for role, texts in zip(("source", "target"), sides, strict=True)
    }


TABLES = ["t.tsv", "t.csv", "t.jsonl", "t.json", "t.parquet", "t.tsv.gz", "t.csv.gz", "t.jsonl.gz"]


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_what_the_pairs_are(name: str, tmp_path: Path) -> None:
    assert both_of(read(table(tmp_path, name, ROWS))) == both_of(read(PAIRS))
    assert both_of(read(table(tmp_path, name, OTHER_NAMES), **COLUMNS)) == both_of(read(PAIRS))


@pytest.mark.parametrize("end", [".txt", ".de", ".txt.gz"])
def test_lines_side_by_side_are_what_the_pairs_are(end: str, tmp_path: Path) -> None:
    notes: list[str] = []
    roles = aligned(tmp_path, end)
    found = read(roles=roles, notes=notes)
    assert both_of(found) == both_of(read(PAIRS))
    assert found.inputs.to_json() == read(PAIRS).inputs.to_json()
    places = {record.content: record.place for part in (found.train, found.valid) for record in part.records}
    assert places[PAIRS[6][0]] == f"{roles['source']}: line 7"
    assert notes == [f"no validation data given: {len(found.valid.records)} of 40 examples are held out for it, chosen "
                     "by a hash of their content"]  # fmt: skip


def _frame() -> Any:
    return pytest.importorskip("polars").DataFrame(ROWS)


MEMORY: dict[str, Callable[[], dict[str, Any]]] = {
    "pairs": lambda: {"data": PAIRS},
    "an iterator of pairs": lambda: {"data": iter(PAIRS)},
    "dicts": lambda: {"data": ROWS},
    "a dict of columns": lambda: {"data": {name: [row[name] for row in ROWS] for name in ROWS[0]}},
    "a data frame": lambda: {"data": _frame()},
    "x and y": lambda: {"data": ([source for source, _ in PAIRS], [target for _, target in PAIRS])},
    "iterators by role": lambda: {"source": iter([s for s, _ in PAIRS]), "target": iter([t for _, t in PAIRS])},
    "lists by role": lambda: {"source": [source for source, _ in PAIRS], "target": [target for _, target in PAIRS]},
    "arrays by role": lambda: {
        "source": np.array([source for source, _ in PAIRS]), "target": np.array([target for _, target in PAIRS])
    },
}  # fmt: skip


@pytest.mark.parametrize("name", MEMORY)
def test_data_in_memory_is_what_the_files_are(name: str, tmp_path: Path) -> None:
    given = MEMORY[name]()
    found = read(given.pop("data", None), roles=given)
    assert both_of(found) == both_of(read(roles=aligned(tmp_path)))


def test_files_of_one_role_are_read_in_order(tmp_path: Path) -> None:
    for part in ("a", "b"):
        (tmp_path / part).mkdir()
    one, two = aligned(tmp_path / "a", pairs=PAIRS[:25]), aligned(tmp_path / "b", pairs=PAIRS[25:])
    roles = {role: [one[role], two[role]] for role in one}
    assert both_of(read(roles=roles)) == both_of(read(PAIRS))


def test_what_is_validated_on_may_be_in_another_form(tmp_path: Path) -> None:
    valid = {f"valid_{role}": path for role, path in aligned(tmp_path, pairs=PAIRS[30:]).items()}
    plain = both_of(read(PAIRS[:30], roles=valid))
    assert plain == [[(s, (t,)) for s, t in PAIRS[:30]], [(s, (t,)) for s, t in PAIRS[30:]]]
    train = table(tmp_path, "t.tsv", OTHER_NAMES[:30])
    assert both_of(read(train, roles=valid, **COLUMNS)) == plain, "the columns are of the one table there is"
    (tmp_path / "v").mkdir()
    roles = aligned(tmp_path / "v", pairs=PAIRS[:30])
    assert both_of(read(roles={**roles, "valid": table(tmp_path, "v.tsv", OTHER_NAMES[30:])}, **COLUMNS)) == plain


@pytest.mark.parametrize("form", ["two files", "lists in memory", "lists in a table", "lists by role"])
def test_several_right_targets(form: str, tmp_path: Path) -> None:
    both = [(source, [target, target.upper()]) for source, target in PAIRS]
    sources, targets = [source for source, _ in both], [right for _, right in both]
    roles: dict[str, Any] = {}
    data: Any = None
    if form == "two files":
        roles = dict(aligned(tmp_path))
        upper = written(tmp_path / "u.txt", "".join(f"{target.upper()}\n" for _, target in PAIRS))
        roles["target"] = [roles["target"], upper]
    elif form == "lists in memory":
        data = both
    elif form == "lists in a table":
        rows = [{"source": source, "target": right} for source, right in both]
        data = written(tmp_path / "t.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    else:
        roles = {"source": iter(sources), "target": iter(targets)}
    found = read(data, roles=roles)
    pairs = pairs_of([*found.train.records, *found.valid.records])
    assert sorted(pairs) == sorted((source, tuple(right)) for source, right in both)
    for record, encoded in zip(found.train.records, found.train.targets, strict=True):
        words = [found.inputs.targets.text(found.inputs.targets.tokens(ids[:-1].tolist())) for ids in encoded]  # type: ignore[attr-defined]
        assert tuple(words) == right_of(record)
    assert found.train.scored == sum(len(encoded[0]) for encoded in found.train.targets)


def test_no_source_is_held_out_that_is_learned_from() -> None:
    many = [(f"word {n // 4}", f"sense {n}") for n in range(400)]
    notes: list[str] = []
    train, valid = both_of(read(many, notes=notes))
    sources = [{source for source, _ in part} for part in (train, valid)]
    assert valid and not sources[0] & sources[1]
    assert len(train) + len(valid) == 400 and 0.05 < len(valid) / 400 < 0.2
    assert any("those of a group together" in note for note in notes)


def test_each_pair_costs_what_is_read_and_what_is_written() -> None:
    found = read([(f"{'ab' * (n + 1)}", "ba" * (n + 2)) for n in range(20)], unit="characters").train
    lengths = [len(str(record.content)) + len(right_of(record)[0]) + 1 for record in found.records]
    assert found.costs.tolist() == lengths


def test_pairs_that_are_not_aligned_are_told_of() -> None:
    notes: list[str] = []
    read([*PAIRS, *[("so it is, and so it was before.", "so " * 200)] * 2], notes=notes)
    assert any("2 of 42 pairs have a side over 9 times as long as the other" in note for note in notes)


def test_characters_and_words_are_told_by_each_side_alone() -> None:
    phonemes = [(f"{['cat', 'dog', 'hen'][n % 3]}{n}", f"{'KDH'[n % 3]} AE1 {'TGN'[n % 3]}") for n in range(90)]
    inputs = read(phonemes).inputs
    assert inputs.features.describe()["unit"] == "characters"
    assert inputs.targets.to_mapping()["unit"] == "words"
    inputs = read(phonemes, joint=True).inputs
    assert inputs.features.to_mapping()["vocabulary"] == inputs.targets.to_mapping()["vocabulary"]
    inputs = read(phonemes, unit="bytes", target_unit="characters").inputs
    assert (inputs.features.describe()["unit"], inputs.targets.to_mapping()["unit"]) == ("bytes", "characters")
    inputs = read(phonemes, unit="characters").inputs
    assert inputs.targets.to_mapping()["unit"] == "characters"


def test_what_is_held_out_tells_nothing(tmp_path: Path) -> None:
    rare = [("süß", "sweet é"), *PAIRS]
    inputs = read(PAIRS, roles={"valid": rare}, unit="characters").inputs
    assert "ü" not in json.dumps(inputs.features.to_mapping(), ensure_ascii=False)
    assert "é" not in json.dumps(inputs.targets.to_mapping(), ensure_ascii=False)


@pytest.mark.parametrize("unit", ["characters", "bpe"])
def test_a_size_is_honoured_or_refused(unit: str) -> None:
    if unit == "bpe":
        assert read(PAIRS, unit="bpe", vocabulary_size=265).inputs.features.describe()["vocabulary"] == 265
    names = [(f"name{n}", f"{n}eman") for n in range(30)]
    with pytest.raises(UsageError, match="vocabulary_size is for the units words and bpe; the unit is characters"):
        read(names, vocabulary_size=300)
    assert read(names, unit="words", target_unit="characters", vocabulary_size=9).inputs.features.describe() == {
        "unit": "words",
        "vocabulary": 9,
    }


class Kept:
    """A run, as far as a reader knows it."""

    def __init__(self, folder: Path, data: Any, **options: Any) -> None:
        self.options, self.folder = options, folder
        folder.mkdir(exist_ok=True)
        (folder / "inputs.json").write_text(read(data, **options).inputs.to_json())

    def reader(self, **asked: Any) -> TranslateReader:
        return TranslateReader(Config.from_mapping({**self.options, **asked}), asked=asked.keys())

    def evaluate(self, data: object = None, *, roles: Any = None, **asked: Any) -> list[Pair]:
        given = user_data({"data": data, **(roles or {})})
        return pairs_of(self.reader(**asked).read_to_evaluate(given, self.folder, lambda _: None).records)

    def predict(self, data: object = None, *, roles: Any = None, **asked: Any) -> list[Record]:
        given, reader = user_data({"data": data, **(roles or {})}), self.reader(**asked)
        return list(reader.read_to_predict(given, self.folder, Problems(), reader.form_to_predict(given)))


def test_the_form_of_texts_is_kept_with_the_run(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "run", [(f"Cafe\u0301 \ufb01rst {n}", f"Tea {n}") for n in range(12)],
                lowercase=True, normalise="NFKC")  # fmt: skip
    known = json.dumps(json.loads((tmp_path / "run" / "inputs.json").read_text())["features"], ensure_ascii=False)
    assert "\u0301" not in known and "\ufb01" not in known
    (record,) = kept.predict(written(tmp_path / "a.txt", "CAFE\u0301 \ufb01RST\n"))
    assert record.content == "café first"
    assert record.original == {"text": "CAFE\u0301 \ufb01RST"}, "what was read is written back as it was"
    assert kept.evaluate([("CAFE\u0301", ["TEA", "Te\ufb01"])]) == [("café", ("tea", "tefi"))]


def test_a_run_that_learned_from_columns_reads_lines(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "run", table(tmp_path, "t.tsv", OTHER_NAMES), **COLUMNS)
    roles = aligned(tmp_path)
    pairs = [(source, (target,)) for source, target in PAIRS]
    assert kept.evaluate(roles=roles) == pairs
    assert [record.content for record in kept.predict(roles={"source": roles["source"]})] == [s for s, _ in pairs]
    for asked in (COLUMNS, {"header": True}, {"separator": "comma"}, {"format": "csv"}):
        with pytest.raises(UsageError, match=f"{next(iter(asked))} is for tables, and source holds lines; leave it"):
            kept.evaluate(roles=roles, **asked)


def test_tables_options_beside_lines_to_learn_from_are_refused(tmp_path: Path) -> None:
    roles = aligned(tmp_path)
    for given in ({"source_column": "a"}, {"target_column": "a"}, {"header": False}, {"separator": "\t"}):
        with pytest.raises(UsageError, match=f"{next(iter(given))} is for tables"):
            read(roles=roles, **given)


@pytest.mark.parametrize(
    ("name", "asked", "expected"),
    [
        ("a.txt", {}, "lines"),
        ("a.de", {}, "lines"),
        ("a.txt.gz", {}, "lines"),
        ("-", {}, "lines"),
        ("a.tsv", {}, None),
        ("a.csv.gz", {}, None),
        ("a.jsonl", {}, None),
        ("a.txt", {"source_column": "de"}, None),
        ("a.txt", {"header": True}, None),
        ("a.txt", {"separator": "tab"}, None),
        ("-", {"format": "jsonl"}, None),
        ("a.txt", {"max_source": 99, "encoding": "latin-1"}, "lines"),
    ],
)
def test_what_is_predicted_for_is_lines_unless_a_name_or_an_option_says_tables(
    name: str, asked: dict[str, Any], expected: str | None
) -> None:
    reader = TranslateReader(Config.from_mapping(asked), asked=asked.keys())
    assert reader.form_to_predict(user_data({"data": name})) == expected
    assert reader.form_to_predict(user_data({"data": [("a", "b")]})) is None


def test_a_table_without_a_name_that_says_so_is_read_as_asked_for(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "run", PAIRS)
    path = written(tmp_path / "t.txt", delimited(OTHER_NAMES, "\t"))
    assert [record.content for record in kept.predict(path, source_column="de")] == [source for source, _ in PAIRS]
    assert [record.content for record in kept.predict(path)][:2] == ["de\tid\ten", "ein Hund 0, ja\t0\ta dog 0, yes"]


def test_sources_alone_are_read_as_they_come(tmp_path: Path) -> None:
    kept, asked = Kept(tmp_path / "run", PAIRS), 0

    def sources() -> Iterator[str]:
        nonlocal asked
        for text in ("ein", "zwei", "drei"):
            asked += 1
            yield text

    found = kept.reader().read_to_predict(user_data({"source": sources()}), kept.folder, Problems(), None)
    assert (next(found).content, asked) == ("ein", 1)
    assert (next(found).content, asked) == ("zwei", 2)


def test_a_source_that_is_too_long_is_refused_and_never_cut(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "run", PAIRS, unit="characters")
    path = written(tmp_path / "a.txt", "ein\n" + "a" * 1000 + "\n" + "b" * 1001 + "\n")
    message = rf"{path}: line 3: the source has 1,001 tokens, and --max-source is 1,000; split it, or allow more"
    with pytest.raises(DataError, match=message):
        kept.predict(path)
    assert [len(str(record.content)) for record in kept.predict(path, max_source=1001)] == [3, 1000, 1001]
    with pytest.raises(DataError, match="row 2 of the data: the source has 12 tokens, and --max-source is 11"):
        kept.evaluate([("ein", "a"), ("ein Hund, ja", "a")], max_source=11)
    problems = Problems(skip=True)
    given = user_data({"data": path})
    assert len(list(kept.reader().read_to_predict(given, kept.folder, problems, "lines"))) == 2
    assert len(problems.skipped) == 1


def test_tokens_and_not_characters_are_counted(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "run", [("so so so", "a b")] * 10 + [("so it", "b")] * 2, unit="words", max_source=3)
    assert len(kept.predict(written(tmp_path / "a.txt", "so so so\n"))) == 1
    with pytest.raises(DataError, match="the source has 4 tokens"):
        kept.predict(written(tmp_path / "a.txt", "so so so so\n"))
    assert len(kept.predict(written(tmp_path / "a.txt", f"{'wonderfully' * 50}\n"))) == 1, "an unknown word is one"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"data": PAIRS, "source": iter(["a"])}, "give tables of pairs, or source, not both"),
        ({"data": PAIRS, "source": iter(["a"]), "target": iter(["b"])}, "or source and target, not both"),
        ({"source": iter(["a", "b"]), "target": iter(["a"])}, "source has 2 rows, target 1: row 2 of source has no"),
        ({"source": iter(["a", " "]), "target": iter(["a", "b"])}, "row 2 of source: the source is empty"),
        ({"source": iter(["a", "b"]), "target": iter(["a", []])}, "row 2 of target: the target is empty"),
        ({"source": iter(["a", "b"])}, "source has nothing beside it; give --target"),
        ({"target": iter(["a", "b"])}, "target has nothing beside it; give --source"),
        ({"source": iter(["a", 7]), "target": iter(["a", "b"])}, r"row 2 of source: the source is '7' \(int\), not"),
        ({"data": [("a", "b"), ("", "b")]}, "row 2 of the data"),
        ({"data": [("a", "b")]}, "1 record is too little"),
    ],
)
def test_what_is_wrong_in_memory_is_said(given: dict[str, Any], message: str) -> None:
    with pytest.raises((DataError, UsageError), match=message):
        read(given.pop("data", None), roles=given)


def test_a_pair_has_its_right_texts_in_the_form_that_was_asked_for() -> None:
    found = read([(f"ÄB {n}", [f"C\u0327 {n}", "X"]) for n in range(9)], lowercase=True, normalise="NFC")
    record = found.train.records[0]
    assert isinstance(record.target, Sequences) and all(text == text.lower() for text in map(str, record.target.right))
    assert str(record.content).startswith("äb ") and str(record.target.right[0]).startswith("ç ")
