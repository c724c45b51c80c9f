"""What a trained run can be asked: several texts, votes, copies, pictures, scores of given pairs; line by line."""

from __future__ import annotations

import csv
import html
import io
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from sacrebleu.metrics.bleu import BLEU
from small_pairs import TINY, WELL, fit, greedy, reversals, score_of, untrained, words

import throughtime as tt
from throughtime.cli.main import status_of
from throughtime.data.record import Record
from throughtime.errors import CheckpointError, UsageError
from throughtime.training.pages.report import write_report
from throughtime.training.reporter import SilentReporter

SEVERAL = [(word, [word[::-1], word]) for word in words(12)]
SENTENCES = [(f"the {word} is on the mat", f"auf der Matte ist {word} jetzt") for word in words(30)]


@pytest.fixture(autouse=True)
def in_an_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def voters(tmp_path_factory: pytest.TempPathFactory) -> list[tt.Run]:
    """Two runs of the same tokens that have learned little, and from other first weights."""
    folder, many = tmp_path_factory.mktemp("voters"), {**WELL, "steps": 25}
    return [fit(reversals(200), out=folder / str(seed), seed=seed, **many) for seed in (1, 2)]


@pytest.fixture(scope="module")
def blind(tmp_path_factory: pytest.TempPathFactory) -> tt.Run:
    """A run of the same tokens that looks nowhere."""
    return fit(reversals(200), out=tmp_path_factory.mktemp("blind") / "run", attention="none")


@pytest.fixture(scope="module")
def polite(tmp_path_factory: pytest.TempPathFactory) -> tt.Run:
    """A run of words, which knows no name: each occurs once."""
    names = [f"N{word}" for word in words(120)]
    pairs = [(name, f"Mr {name}") for name in names]
    options = {**WELL, "steps": 60, "unit": "words", "vocabulary_size": 4}
    return fit(pairs, out=tmp_path_factory.mktemp("polite") / "run", **options)


def command(*words: object) -> int:
    return status_of([str(word) for word in words])


def refused(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """What a command says that must be refused: one line, and nothing is left behind."""
    capsys.readouterr()
    before = sorted(Path().rglob("*"))
    assert command(*words) == 2
    said = capsys.readouterr().err
    assert said.startswith("throughtime: ") and said.count("\n") == 1, said
    assert sorted(Path().rglob("*")) == before
    return said


def rows_of(text: str, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text), delimiter=delimiter))


def predicted(capsys: pytest.CaptureFixture[str], *words: object) -> list[dict[str, str]]:
    capsys.readouterr()
    assert command("predict", *words) == 0
    return rows_of(capsys.readouterr().out)


def said_of(run: tt.Run, texts: list[str], **how: Any) -> list[Any]:
    return run.predict(texts, note=lambda _: None, **how)


# what is read


def test_each_line_gets_its_text(reverser: tt.Run, capsys: pytest.CaptureFixture[str]) -> None:
    lines = ["fed", "a", "abcdef", "xyz", "aüb", "القط", "我喜欢", "🦊🦊", 'a b, "c"', "  fed  ", "fed"]
    Path("new.txt").write_bytes("\r\n".join(lines).encode())
    rows = predicted(capsys, reverser.path, "new.txt")
    assert [row["text"] for row in rows] == lines
    assert list(rows[0]) == ["text", "predicted", "score"]
    assert rows[0]["predicted"] == rows[-1]["predicted"] == "def" and rows[2]["predicted"] == "fedcba"
    assert all(set(row["predicted"]) <= set("abcdef") and float(row["score"]) <= 0 for row in rows)
    again = predicted(capsys, reverser.path, "--source", "new.txt")
    assert [(row["source"], row["predicted"]) for row in again] == [(row["text"], row["predicted"]) for row in rows]


@pytest.mark.parametrize("form", ["csv", "tsv", "jsonl", "parquet"])
def test_a_table_keeps_its_columns(form: str, reverser: tt.Run) -> None:
    rows = [{"id": n, "source": word, "target": "?"} for n, word in enumerate(["fed", "cab"])]
    Path("new.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert command("predict", reverser.path, "new.jsonl", "--out", f"out.{form}") == 0
    if form == "parquet":
        found = pytest.importorskip("polars").read_parquet("out.parquet").to_dicts()
    elif form == "jsonl":
        found = [json.loads(line) for line in Path("out.jsonl").read_text().splitlines()]
    else:
        found = rows_of(Path(f"out.{form}").read_text(), "\t" if form == "tsv" else ",")
    assert [row["predicted"] for row in found] == ["def", "bac"]
    assert list(found[0]) == ["id", "source", "target", "predicted", "score"]


def test_who_waits_for_an_answer_gets_it(reverser: tt.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    out, behind = io.BytesIO(), list[int]()

    class Typed(io.RawIOBase):
        """Lines that come one by one."""

        lines = iter([b"fed\r\n", b"cab\n", "我\n".encode(), b"ace\n"])

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            time.sleep(0.2)
            line = next(self.lines, b"")
            behind.append(out.getvalue().count(b"\n"))
            buffer[: len(line)] = line
            return len(line)

    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=Typed()))
    monkeypatch.setattr("sys.stdout", SimpleNamespace(buffer=out, flush=lambda: None))
    assert command("predict", reverser.path, "-") == 0
    monkeypatch.undo()
    assert behind == [0, 2, 3, 4, 5], "a header, and each line before the next one is read"
    assert [row["predicted"] for row in rows_of(out.getvalue().decode())][:2] == ["def", "bac"]


def test_an_empty_line_is_refused_or_skipped(reverser: tt.Run, capsys: pytest.CaptureFixture[str]) -> None:
    Path("new.txt").write_text("fed\n \ncab\n")
    assert "new.txt: line 2" in refused(capsys, "predict", reverser.path, "new.txt", "--out", "out.csv")
    assert "new.txt: line 2" in refused(capsys, "predict", reverser.path, "--source", "new.txt", "--out", "out.csv")
    assert command("predict", reverser.path, "new.txt", "--skip-bad", "--out", "out.csv") == 0
    assert [row["predicted"] for row in rows_of(Path("out.csv").read_text())] == ["def", "bac"]
    assert "new.txt: line 2" in Path("out.csv.skipped.txt").read_text()


def test_a_refusal_behind_good_lines_leaves_nothing(reverser: tt.Run, capsys: pytest.CaptureFixture[str]) -> None:
    Path("new.txt").write_text("fed\n" * 3 + "a" * 1001 + "\n")
    said = refused(capsys, "predict", reverser.path, "new.txt", "--out", "out.csv")
    assert "new.txt: line 4: the source has 1,001 tokens, and --max-source is 1,000" in said


# several texts


def test_several_texts_are_rows_with_their_rank(reverser: tt.Run, capsys: pytest.CaptureFixture[str]) -> None:
    Path("new.txt").write_text("fed\ncab\n")
    rows = predicted(capsys, reverser.path, "new.txt", "--n-best", 3, "--beam", 4)
    assert [(row["text"], row["rank"]) for row in rows] == [
        (word, str(n)) for word in ("fed", "cab") for n in (1, 2, 3)
    ]
    assert rows[0]["predicted"] == "def" and len({row["predicted"] for row in rows[:3]}) == 3
    alone = said_of(reverser, ["fed"], beam=4)[0]
    assert (alone.value, alone.rank, alone.others) == ("def", None, ())


def test_every_row_has_a_rank_where_fewer_were_found(voters: list[tt.Run], monkeypatch: pytest.MonkeyPatch) -> None:
    model = voters[0].model
    rooms = iter([1, 9])
    monkeypatch.setattr(model.inputs.targets, "most", lambda lengths: np.full(len(lengths), next(rooms)))
    monkeypatch.setattr(type(model), "plan", lambda self, costs: [np.array([n]) for n in range(len(costs))])
    end = model.inputs.targets.vocabulary.document
    with torch.no_grad():
        model.model.decoder.output.bias[end] += 20.0
    Path("new.txt").write_text("fed\ncab\n")
    try:
        assert voters[0].predict_files("new.txt", "out.csv", n_best=3, note=lambda _: None) == 2
    finally:
        with torch.no_grad():
            model.model.decoder.output.bias[end] -= 20.0
    rows = rows_of(Path("out.csv").read_text())
    assert [(row["text"], row["rank"]) for row in rows] == [("fed", "1"), ("cab", "1"), ("cab", "2"), ("cab", "3")]


def test_the_score_is_the_log_probability_of_what_is_written(voters: list[tt.Run]) -> None:
    for each in said_of(voters[0], ["fed", "cabbed"], n_best=4):
        source = "".join(each.source_tokens)
        for text in (each, *each.others):
            assert text.ended
            ids = voters[0].model.targets.ids(text.value)[:-1].tolist()
            assert text.score == pytest.approx(score_of(voters[0].model, source, ids), abs=1e-4)
            assert text.attention.shape == (len(text.tokens), len(source))
            assert text.attention.sum(1) == pytest.approx(np.ones(len(text.tokens)), abs=1e-5)


# votes


def test_several_runs_vote_on_each_token(voters: list[tt.Run]) -> None:
    one, two = voters
    models = [run.model.model for run in voters]
    sources = words(30)
    said = said_of(one, sources, ensemble=[str(two.path)], beam=1)
    for source, each in zip(sources, said, strict=True):
        tokens, score = greedy(one.model, source, models)
        assert each.value == one.model.targets.text(one.model.targets.tokens(tokens))
        assert each.score == pytest.approx(score, abs=1e-4)
    alone = [[each.value for each in said_of(run, sources, beam=1)] for run in voters]
    together = [each.value for each in said]
    assert together != alone[0] and together != alone[1]
    assert [each.value for each in said_of(one, sources, ensemble=[str(one.path)] * 2, beam=1)] == alone[0]


def test_several_runs_vote_on_given_texts_too(voters: list[tt.Run]) -> None:
    one, two = voters
    pairs = reversals(9)
    models = [run.model.model for run in voters]
    scores = [
        score_of(one.model, source, one.model.targets.ids(target)[:-1].tolist(), models) for source, target in pairs
    ]
    found = one.evaluate(pairs, ensemble=[str(two.path)], scores="pairs.tsv")
    rows = rows_of(Path("pairs.tsv").read_text(), "\t")
    assert [float(row["score"]) for row in rows] == pytest.approx(scores, abs=1e-3)
    assert found["loss"] == pytest.approx(-sum(scores) / sum(len(target) + 1 for _, target in pairs), rel=1e-4)
    assert found["loss"] != pytest.approx(one.evaluate(pairs)["loss"], rel=1e-3)


def test_who_cannot_vote_is_refused(
    voters: list[tt.Run], blind: tt.Run, polite: tt.Run, capsys: pytest.CaptureFixture[str]
) -> None:
    ask = ("predict", voters[0].path, "new.txt", "--out", "out.csv", "--with")
    Path("new.txt").write_text("fed\n")
    said = refused(capsys, *ask, polite.path)
    assert f"{polite.path} reads other tokens, and cannot vote here" in said and "(fit --init-from)" in said
    other = fit([(word, "xyz"[: len(word) % 3 + 1]) for word in words(200)], out="other")
    assert "other writes other tokens" in refused(capsys, *ask, other.path)
    tt.fit("classify", [("so good", "p"), ("so bad", "n")] * 9, out="labels", reporter=SilentReporter(), steps=1,
           hidden=4, embedding=4, rival=False)  # fmt: skip
    assert "labels is a run of the task classify, and cannot vote here" in refused(capsys, *ask, "labels")
    assert "there is no run in nothing" in refused(capsys, *ask, "nothing")
    damaged = Path(shutil.copytree(voters[1].path, "damaged"), "model.safetensors")
    damaged.write_bytes(damaged.read_bytes()[:-8])
    assert "damaged" in refused(capsys, *ask, "damaged")
    for more in (("--plot", "p"), ("--copy-unknown",), ("--coverage-penalty", "0.2")):
        said = refused(capsys, *ask, blind.path, *more)
        assert f"{more[0]} needs a network with attention, and one that votes has none" in said
    assert command(*ask, blind.path, "--with", voters[1].path) == 0


# what is not known


def test_an_unknown_name_is_copied_where_that_is_asked_for(polite: tt.Run, capsys: pytest.CaptureFixture[str]) -> None:
    Path("new.txt").write_text("Zork\nÄnne\n")
    rows = predicted(capsys, polite.path, "new.txt", "--copy-unknown")
    assert [row["predicted"] for row in rows] == ["Mr Zork", "Mr Änne"]
    assert all("\ufffd" not in row["predicted"] and "Zork" not in row["predicted"]
               for row in predicted(capsys, polite.path, "new.txt"))  # fmt: skip
    pairs = [(name, f"Mr {name}") for name in ("Zork", "Änne")]
    assert polite.evaluate(pairs, copy_unknown=True)["exact_match"] == 1.0
    assert polite.evaluate(pairs)["exact_match"] == 0.0


@pytest.mark.parametrize("unit", ["bpe", "bytes"])
def test_where_all_is_known_there_is_nothing_to_copy(unit: str) -> None:
    run = fit(SENTENCES, unit=unit)
    with pytest.raises(UsageError, match=f"copy_unknown has nothing to do: this run writes {unit}, and knows all"):
        run.predict(["the fed"], copy_unknown=True)


# pictures


def test_each_text_gets_a_picture(reverser: tt.Run, capsys: pytest.CaptureFixture[str]) -> None:
    Path("new.txt").write_text("fed\na<b\nabcdef\n")
    said = said_of(reverser, ["fed", "a<b", "abcdef"])
    predicted(capsys, reverser.path, "new.txt", "--plot", "deep/pictures", "--n-best", 2)
    pictures = sorted(Path("deep/pictures").iterdir())
    assert [path.name for path in pictures] == ["0001.svg", "0002.svg", "0003.svg"]
    for path, each in zip(pictures, said, strict=True):
        drawn = path.read_text()
        labels = len(each.tokens) + len(each.source_tokens)
        assert drawn.count("<text") == labels + 2 and len(each.tokens) > 1, "a word for each side, and for each token"
    assert "&lt;" in pictures[1].read_text()
    predicted(capsys, reverser.path, "new.txt", "--plot", "more", "--plot-format", "png")
    assert [path.name for path in sorted(Path("more").iterdir())] == ["0001.png", "0002.png", "0003.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in Path("more").iterdir())


def test_pictures_that_cannot_be_made(reverser: tt.Run, blind: tt.Run, capsys: pytest.CaptureFixture[str]) -> None:
    Path("new.txt").write_text("fed\n")
    said = refused(capsys, "predict", reverser.path, "new.txt", "--plot-format", "png", "--out", "out.csv")
    assert "--plot-format is for pictures; say where they go with --plot" in said
    said = refused(capsys, "predict", blind.path, "new.txt", "--plot", "p", "--out", "out.csv")
    assert "--plot needs a network with attention, and this one has none; leave it out" in said
    said = refused(capsys, "predict", reverser.path, "new.txt", "--plot", "new.txt", "--out", "out.csv")
    assert "new.txt cannot be a folder of pictures" in said


# scores


@pytest.mark.parametrize("form", ["tsv", "csv", "jsonl"])
def test_each_given_pair_gets_its_log_probability(form: str, voters: list[tt.Run]) -> None:
    model = voters[0].model
    voters[0].evaluate(SEVERAL, scores=f"pairs.{form}", note=lambda _: None)
    text = Path(f"pairs.{form}").read_text()
    rows: list[Any] = [json.loads(line) for line in text.splitlines()] if form == "jsonl" else rows_of(
        text, "\t" if form == "tsv" else ",")  # fmt: skip
    assert [(row["source"], row["target"]) for row in rows] == [(s, t) for s, right in SEVERAL for t in right]
    expected = [score_of(model, source, model.targets.ids(target)[:-1].tolist()) for source, right in SEVERAL
                for target in right]  # fmt: skip
    assert [float(row["score"]) for row in rows] == pytest.approx(expected, abs=1e-3)


def test_scores_that_cannot_be_written(reverser: tt.Run, capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.tsv").write_text("source\ttarget\nfed\tdef\n")
    ask = ("evaluate", reverser.path, "a.tsv", "--scores")
    assert "cannot be written to x.doc; known are" in refused(capsys, *ask, "x.doc")
    assert "cannot write no/x.tsv" in refused(capsys, *ask, "no/x.tsv")


@pytest.fixture(scope="module")
def speaker(tmp_path_factory: pytest.TempPathFactory) -> tt.Run:
    """A run of sentences that writes some of their words."""
    return fit(SENTENCES, out=tmp_path_factory.mktemp("speaker") / "run", unit="bpe", **{**WELL, "steps": 110})


@pytest.mark.parametrize("tokenize", [None, "13a", "char", "none", "zh", "intl"])
def test_bleu_is_that_of_sacrebleu(tokenize: Any, speaker: tt.Run) -> None:
    data = [(source, [target, f"{target}!"] if n % 2 else target) for n, (source, target) in enumerate(SENTENCES)]
    found = speaker.evaluate(data, tokenize=tokenize, beam=1)
    said = [str(each.value) for each in said_of(speaker, [source for source, _ in SENTENCES], beam=1)]
    right: list[Any] = [[target for _, target in SENTENCES], [f"{target}!" if n % 2 else None
                        for n, (_, target) in enumerate(SENTENCES)]]  # fmt: skip
    bleu = BLEU(tokenize=tokenize or "13a", force=True).corpus_score(said, right).score
    assert 5 < bleu < 99.9 and found["bleu"] == pytest.approx(bleu, abs=1e-9)
    assert f"nrefs:var|case:mixed|eff:no|tok:{tokenize or '13a'}|" in found["signature"]


def test_bleu_of_words_is_there_where_it_is_asked_for(reverser: tt.Run) -> None:
    data = reversals(20)
    assert not {"bleu", "chrf", "signature"} & reverser.evaluate(data).keys()
    found = reverser.evaluate(data, tokenize="char")
    assert found["bleu"] == pytest.approx(100.0) and "tok:char" in found["signature"]


# the report


def test_held_out_examples_stand_in_the_report_and_no_text_is_a_mark(tmp_path: Path) -> None:
    mark = "<script>alert('{}')</script> & so"
    run = fit([(mark.format(word), f"<b>{word}</b>") for word in words(80)], out="run", unit="characters")
    examples = (run.path / "examples.html").read_text()
    assert examples.count('<div class="sample">') == 6
    assert "<script>" not in examples and "<b>" not in examples
    assert examples.count(html.escape("<script>alert('")) == 6
    assert examples.count("<svg") <= 6
    write_report(run.path)
    report = (run.path / "report.html").read_text()
    assert examples in report and "<script>alert" not in report


# runs of other tasks


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of classify, and one of generate."""
    folder, tiny = tmp_path_factory.mktemp("others"), {"hidden": 4, "embedding": 4, "steps": 1, "rival": False}
    tt.fit("classify", [("so good", "p"), ("so bad", "n")] * 9, out=folder / "classify", reporter=SilentReporter(),
           **tiny)  # type: ignore[arg-type]  # fmt: skip
    tt.fit("generate", text="hello world. " * 40, out=folder / "generate", reporter=SilentReporter(), lanes=1, tbptt=8,
           **tiny)  # type: ignore[arg-type]  # fmt: skip
    return folder


def test_runs_of_other_tasks_are_refused(others: Path, reverser: tt.Run, capsys: pytest.CaptureFixture[str]) -> None:
    Path("s.txt").write_text("so good\nso bad\n")
    Path("a.csv").write_text("text,label\n" + "so good,p\nso bad,n\n" * 9)
    lines = ("--source", "s.txt", "--target", "s.txt")
    for task in ("classify", "generate"):
        said = refused(capsys, "evaluate", others / task, *lines)
        assert f"is a run of the task {task}, which takes" in said and "leave --source out" in said
        said = refused(capsys, "fit", "translate", *lines, "--out", "new", "--init-from", others / task)
        assert f"is a run of the task {task}; translate cannot start from it" in said
        said = refused(capsys, "fit", "translate", *lines, "--out", others / task, "--resume")
        assert f"is a run of the task {task}, not translate" in said
    said = refused(capsys, "predict", others / "classify", "a.csv", "--beam", 3)
    assert "leave --beam out" in said
    said = refused(capsys, "fit", "classify", "a.csv", "--out", "new", "--init-from", reverser.path)
    assert "is a run of the task translate; classify cannot start from it" in said
    assert "writes no text; see predict" in refused(capsys, "generate", reverser.path)
    said = refused(capsys, "predict", reverser.path, "s.txt", "--probabilities", "--out", "out.csv")
    assert "--probabilities is for labels, and this run writes texts, with their score" in said


def test_a_run_starts_from_another_one(reverser: tt.Run) -> None:
    options = {name: value for name, value in TINY.items() if name not in ("hidden", "embedding")}
    run = tt.fit("translate", reversals(60), init_from=reverser.path, reporter=SilentReporter(), device="cpu",
                 **{**options, "steps": 1, "learning_rate": 1e-9})  # fmt: skip
    assert run.config.to_mapping()["hidden"] == 32
    assert run.model.targets.to_mapping() == reverser.model.targets.to_mapping()
    assert run.metrics["exact_match"] == 1.0
    with pytest.raises(UsageError, match=r"need attention 'general', not 'dot'; leave it out"):
        tt.fit("translate", reversals(60), init_from=reverser.path, reporter=SilentReporter(), attention="dot")


def test_a_damaged_run_is_said_to_be_so(voters: list[tt.Run]) -> None:
    path = Path(shutil.copytree(voters[0].path, "run"), "inputs.json")
    content = json.loads(path.read_text())
    content["answers"]["ratio"] = -1
    path.write_text(json.dumps(content))
    with pytest.raises(CheckpointError, match=r"inputs\.json"):
        tt.load("run").predict(["fed"])


def test_texts_are_written_as_they_are_asked_for(reverser: tt.Run) -> None:
    asked = 0

    def sources() -> Iterator[Record]:
        nonlocal asked
        for word in words(3000, "abcdefgh", 9):
            asked += 1
            yield Record(word, None, word)

    found = reverser.model.predict(sources())
    next(found)
    assert asked <= 1024


def test_a_network_that_was_asked_once_is_not_changed(voters: list[tt.Run]) -> None:
    before = [each.value for each in said_of(voters[0], words(9))]
    said_of(voters[0], words(3), beam=1, ensemble=[str(voters[1].path)])
    assert [each.value for each in said_of(voters[0], words(9))] == before
    assert untrained(reversals(9)).how.beam == 1, "while it learns, what is likeliest"
