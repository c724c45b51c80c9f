"""Python is told of keywords, the command line of flags; what a call does not take is named with ``fit``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import throughtime as tt
from throughtime.doors import named, option, spelled, takes, taking, typed
from throughtime.errors import ThroughtimeError, UnknownNameError
from throughtime.training.reporter import SilentReporter

UNCLEAR = "red,u\nblue,v\ngreen,v\ngrey,w\npink,v\ngold,v\ntan,v\n"
LONG = "id,t,x,kind,state\n" + "".join(f"{n // 3},{n % 3},{n}.5,k{n},{'ab'[n // 3 % 2]}\n" for n in range(330))


@taking(lambda *names: names)
def called(*names: str) -> tuple[str, ...]:
    return option("header", False), option("fill", "zero"), option("text_column"), named("text_column")


def test_flags_and_keywords() -> None:
    assert called("header", "text_column") == ("header=False", "fit(fill='zero')", "text_column=", "text_column")
    with typed():
        assert called("header", "text_column") == ("--no-header", "fit --fill zero", "--text-column", "--text-column")
        assert called("header", "fill")[2:] == ("fit --text-column", "text_column")
    assert option("ignore_columns", "a b") == "--ignore-columns 'a b'", "no call is known"
    assert takes("anything") and named("hidden") == "hidden" and spelled("resume", True) == "--resume"


def test_a_door_is_left_when_it_raises() -> None:
    @taking(lambda: ())
    def broken() -> None:
        raise ValueError

    with pytest.raises(ValueError), typed():
        broken()
    assert takes("anything") and named("hidden") == "hidden"


def test_a_door_behind_a_door_speaks_as_the_first() -> None:
    @taking(lambda: ["words"], lambda: {"text_column": "words"})
    def outer() -> tuple[str, ...]:
        return called("header")

    assert outer() == ("fit(header=False)", "fit(fill='zero')", "words=", "words")
    assert called("header")[0] == "header=False", "by itself it speaks as itself"


def refused(*args: Any, **how: Any) -> str:
    with pytest.raises(ThroughtimeError) as caught:
        tt.fit(*args, reporter=SilentReporter(), **how)
    assert "--" not in str(caught.value)
    return str(caught.value)


def test_fit_names_keywords(tmp_path: Path) -> None:
    path, long = tmp_path / "a.csv", tmp_path / "long.csv"
    path.write_text(UNCLEAR)
    long.write_text(LONG)
    assert "say it with header=True or header=False" in refused("classify", path)
    assert "say which with text_column=" in refused("classify", path, header=True)
    assert "a label needs at least two examples" in refused("classify", path, header=False), "as it says"
    series = {"id_column": "id", "time_column": "t", "target_column": "state"}
    assert "leave it out with ignore_columns='kind'" in refused("classify", long, **series)
    assert refused("classify", path, hidden=0) == "hidden must be at least 1, not 0"
    assert "give data (files, or examples in memory)" in refused("classify")


def test_a_run_names_keywords(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,label\n" + "so good,a\nso bad,b\n" * 8)
    small = {"hidden": 4, "embedding": 4, "steps": 1, "batch_size": 4, "spelling": 0}
    run = tt.fit("classify", path, reporter=SilentReporter(), **small)
    path.write_text(UNCLEAR)
    with pytest.raises(ThroughtimeError, match="say it with header=True or header=False"):
        run.evaluate(path)
    with pytest.raises(ThroughtimeError, match=r"learned with fit\(target_type='labels'\)"):
        path.write_text("__label__a __label__b so good\n" * 4)
        run.evaluate(path)
    with pytest.raises(UnknownNameError, match="unknown argument 'fill'"):
        run.predict(["so good"], fill="zero")
    with pytest.raises(ThroughtimeError, match=r"^text_column names a column, and the rows of this data have none"):
        run.predict(["so good"], text_column="text")
    with pytest.raises(ThroughtimeError, match=r"^header is for files, and the data is in memory"):
        run.evaluate([("so good", "a")], header=True)
    assert [each.value in "ab" for each in run.predict({"text": ["so good"], "x": [1]}, text_column="text")] == [True]
