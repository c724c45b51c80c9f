"""``import throughtime`` and the help pages answer at once."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

import throughtime


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    "statement",
    [
        "import throughtime",
        "import throughtime; dir(throughtime); throughtime.UsageError; throughtime.__version__",
        "import throughtime.cli.main",
        "import throughtime.tasks; [throughtime.tasks.config_class(name) for name in throughtime.tasks.TASKS]",
    ],
)
def test_loads_no_torch(statement: str) -> None:
    heavy = "{'torch', 'numpy', 'matplotlib', 'tokenizers'}"
    done = python("-c", f"import sys\n{statement}\nprint(sorted({heavy} & set(sys.modules)))")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


READING = """
import sys
from pathlib import Path
from throughtime.data.user_data import user_data
from throughtime.tasks import task_named

name, path = sys.argv[1:]
task = task_named(name)
read = task.load_reader()(task.load_options()()).read(user_data({"data": path}), known=None, note=lambda line: None)
print(sorted({"torch", "matplotlib"} & set(sys.modules)), type(read).__name__)
"""


@pytest.mark.parametrize(
    ("task", "name", "text"),
    [
        ("classify", "t.csv", "text,label\n" + "good tea,a\nbad tea,b\n" * 10),
        ("tag", "t.conll", "good\tA\ntea\tB\n\n" * 20),
        ("generate", "t.txt", "It was the best of times, it was the worst of times.\n" * 100),
    ],
)
def test_data_is_read_without_torch(task: str, name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    done = python("-c", READING, task, str(tmp_path / name))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("[] Prepared")


def test_bad_data_is_refused_before_torch_is_loaded() -> None:
    refused = "try: throughtime.fit('classify', 'no/such.csv')\nexcept throughtime.DataError as error: print(error)"
    done = python("-c", f"import sys, throughtime\n{refused}\nprint('torch' in sys.modules)")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:2] == ["no such file: no/such.csv", "False"]


LOADED = """
import sys
from throughtime.cli.main import status_of
status = status_of(sys.argv[2:])
print(status, sorted(set(sys.argv[1].split(",")) & set(sys.modules)), file=sys.stderr)
"""


def loaded(heavy: str, *arguments: object) -> list[str]:
    """Run a command, and give the lines of its standard error; the last one is its status and what it loaded of some
    heavy modules.
    """
    done = python("-c", LOADED, heavy, *map(str, arguments))
    assert done.returncode == 0, done.stderr
    return done.stderr.splitlines()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a table and a run that has learned from it."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "t.csv").write_text("text,label\n" + "good tea,a\nbad tea,b\n" * 30)
    (folder / "empty.csv").touch()
    (folder / "bad.csv").write_text("text,label\n,a\n")
    fit = ("fit", "classify", folder / "t.csv", "--out", folder / "run", "--steps", 2, "--hidden", 4, "--device", "cpu")
    assert loaded("torch._dynamo,sklearn,seqeval,pandas,sympy", *fit)[-1] == "0 []", "a fit loads no more than it needs"
    return folder


def test_describe_loads_no_torch(small: Path) -> None:
    assert loaded("torch,matplotlib", "describe", small / "run")[-1] == "0 []"
    assert loaded("torch,matplotlib", "describe", small / "run", "--json")[-1] == "0 []"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("predict run no.csv", "no such file"),
        ("predict run empty.csv", "empty.csv is empty"),
        ("predict run bad.csv", "bad.csv: line 2"),
        ("predict run t.csv --format nonsense", "unknown format"),
        ("evaluate run no.csv", "no such file"),
        ("evaluate run bad.csv", "bad.csv: line 2"),
        ("evaluate nothing t.csv", "there is no run in"),
        ("predict nothing t.csv", "there is no run in"),
        ("describe nothing", "there is no run in"),
        ("generate nothing", "there is no run in"),
        ("evaluate run t.csv --nonsense", "No such option"),
        ("fit classify t.csv --out run", "already holds a run"),
        ("fit classify no.csv --out new", "no such file"),
        ("fit classify bad.csv --out new", "bad.csv: line 2"),
        ("fit classify t.csv --out new --hidden 0", "hidden must be at least 1"),
        ("fit classify t.csv --out new --init-from nothing", "there is no run in"),
    ],
)
def test_a_refusal_that_needs_no_network_loads_no_torch(small: Path, command: str, words: str) -> None:
    names = {path.name for path in small.iterdir()} | {"no.csv", "nothing", "new"}
    *lines, last = loaded("torch,matplotlib", *(small / each if each in names else each for each in command.split()))
    assert last == "2 []"
    assert len(lines) == 1 and words in lines[0]


YARDSTICK = "import typer, rich.markdown, rich.panel, rich.table"
PACE = 0.15
"""Processor time of the yardstick, in seconds, on a machine for which half a second is meant."""


def seconds(*arguments: str) -> float:
    """The processor time of one run of Python."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert python(*arguments).returncode == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.alone
@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["fit", "--help"]], ids=" ".join)
def test_help_answers_in_half_a_second(arguments: list[str]) -> None:
    """The fastest of up to eight runs counts: other work on the machine must not fail the test.

    Where it slows down even the fastest, by its use of caches and memory, it slows down the yardstick, too.
    """
    best = yardstick = float("inf")
    for _ in range(8):
        best = min(best, seconds("-m", "throughtime", *arguments))
        if best < 0.5:
            return
        yardstick = min(yardstick, seconds("-c", YARDSTICK))
    assert best < 0.5 * max(1.0, yardstick / PACE)


def test_every_public_name_is_there() -> None:
    for name in throughtime.__all__:
        assert getattr(throughtime, name) is not None
    assert set(throughtime.__all__) <= set(dir(throughtime))
    assert sorted(set(throughtime.__all__)) == sorted(throughtime.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="LSMT"):
        _ = throughtime.LSMT


def test_simple_models_load_no_torch_and_scikit_learn_only_to_learn() -> None:
    rooms = "from throughtime.tasks.classify import rivals; from throughtime.tasks.tag import rivals; "
    rooms += "from throughtime.tasks.generate import rivals; from throughtime.tasks.rivals import keeping"
    done = python("-c", f"import sys\n{rooms}\nprint(sorted({{'torch', 'sklearn', 'scipy'}} & set(sys.modules)))")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
