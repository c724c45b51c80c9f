"""``import throughtime`` and the help pages answer at once."""

from __future__ import annotations

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
    heavy = "{'torch', 'numpy', 'matplotlib', 'tokenizers', 'rich', 'pydantic', 'sklearn'}"
    done = python("-c", f"import sys\n{statement}\nprint(sorted({heavy} & set(sys.modules)))")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_an_estimator_loads_torch_when_it_learns() -> None:
    made = "m = throughtime.SequenceClassifier(hidden=4)\nm.get_params()"
    refused = "try: m.fit(['a'], None)\nexcept ValueError as error: print(error)"
    done = python("-c", f"import sys, throughtime\n{made}\n{refused}\nprint('torch' in sys.modules)")
    assert done.stdout.split("\n")[:2] == [
        "SequenceClassifier requires y to be passed, but the target y is None",
        "False",
    ], done.stderr


def test_writing_needs_numpy_alone() -> None:
    statement = "import sys\nfrom throughtime.decoding import beam, sampling\nprint('torch' in sys.modules)"
    assert python("-c", statement).stdout.strip() == "False"


READING = """
import sys
from pathlib import Path
from throughtime.data.user_data import user_data
from throughtime.tasks import task_named

name, path = sys.argv[1:]
task, data = task_named(name), user_data({"data": path})
options = task.load_options().from_mapping(task.suited({}, data))
read = task.load_reader()(options).read(data, known=None, note=lambda line: None)
print(sorted({"torch", "matplotlib", "scipy", "sklearn"} & set(sys.modules)), type(read).__name__)
"""


@pytest.mark.parametrize(
    ("task", "name", "text"),
    [
        ("classify", "t.csv", "text,label\n" + "good tea,a\nbad tea,b\n" * 10),
        ("tag", "t.conll", "good\tA\ntea\tB\n\n" * 20),
        ("generate", "t.txt", "It was the best of times, it was the worst of times.\n" * 100),
        ("generate", "t.json", str([[[60, 64], [62]] * 9 for _ in range(20)])),
        ("answer", "t.tsv", "context\tquestion\tanswer\n" + "so it is\twhy?\tso\nit is no\twhy?\tno\n" * 10),
        ("translate", "t.tsv", "source\ttarget\n" + "".join(f"so {n} it is\tand {n} is it\n" for n in range(30))),
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

NOT_FOR_A_FIT = "torch._dynamo,torch._inductor,torch.onnx,sympy,scipy,sklearn,seqeval,pandas,polars,matplotlib,IPython"
"""What some tasks or options need, and what is there for other ends; each takes a second."""
NOT_AT_THE_DOOR = "torch,matplotlib,scipy,sklearn,seqeval,pandas,polars,tensorboard"
NOT_TO_DESCRIBE = f"{NOT_AT_THE_DOOR},numpy,rich,tokenizers"
"""A description is read from small files of JSON."""


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
    assert loaded(NOT_FOR_A_FIT, *fit)[-1] == "0 []", "a fit loads no more than it needs"
    return folder


def test_describe_loads_no_torch(small: Path) -> None:
    assert loaded(NOT_TO_DESCRIBE, "describe", small / "run")[-1] == "0 []"
    assert loaded(NOT_TO_DESCRIBE, "describe", small / "run", "--json")[-1] == "0 []"


def test_a_prediction_loads_the_network_and_nothing_else(small: Path) -> None:
    needless = (
        f"{NOT_FOR_A_FIT},tensorboard,torch.utils.tensorboard,throughtime.training.loop,throughtime.runs.training"
    )
    assert loaded(needless, "predict", small / "run", small / "t.csv")[-1] == "0 []"


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
        ("lab nothing", "there is no run in"),
        ("lab", "give the folder of a run"),
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
    *lines, last = loaded(NOT_AT_THE_DOOR, *(small / each if each in names else each for each in command.split()))
    assert last == "2 []"
    assert len(lines) == 1 and words in lines[0]


@pytest.fixture(scope="module")
def translator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with lines of two languages and a run that has learned from them."""
    folder = tmp_path_factory.mktemp("translator")
    for name, end in (("s.txt", 20), ("t.txt", 20), ("few.txt", 19)):
        (folder / name).write_text("".join(f"so {n} it is\n" for n in range(end)))
    (folder / "gap.txt").write_text("\nit\n")
    fit = ("fit", "translate", "--source", folder / "s.txt", "--target", folder / "t.txt", "--out", folder / "run")
    tiny = ("--steps", 1, "--hidden", 4, "--embedding", 4, "--device", "cpu", "--no-rival")
    assert loaded(NOT_FOR_A_FIT, *fit, *tiny)[-1] == "0 []", "a fit loads no more than it needs"
    return folder


def test_a_translator_is_described_without_torch(translator: Path) -> None:
    assert loaded(NOT_TO_DESCRIBE, "describe", translator / "run")[-1] == "0 []"
    needless = f"{NOT_FOR_A_FIT},tensorboard,torch.utils.tensorboard,throughtime.training.loop,sacrebleu"
    assert loaded(needless, "predict", translator / "run", translator / "s.txt")[-1] == "0 []"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("predict run gap.txt", "gap.txt: line 1"),
        ("predict run --source gap.txt", "gap.txt: line 1"),
        ("predict run s.txt --n-best 9", "--n-best must be from 1 to --beam"),
        ("predict run s.txt --max-source 3", "the source has"),
        ("evaluate run --source s.txt --target few.txt", "few.txt 19: line 20 of"),
        ("fit translate --source s.txt --target few.txt --out new", "few.txt 19: line 20 of"),
        ("fit translate --source s.txt --target t.txt --out new --source-column a", "--source-column is for tables"),
    ],
)
def test_what_a_translator_refuses_loads_no_torch(translator: Path, command: str, words: str) -> None:
    names = {path.name for path in translator.iterdir()} | {"no.txt", "new"}
    *lines, last = loaded(NOT_AT_THE_DOOR, *(translator / each if each in names else each for each in command.split()))
    assert last == "2 []"
    assert len(lines) == 1 and words in lines[0], lines


@pytest.mark.parametrize(
    ("command", "needless"),
    [
        ("--version", "pydantic,rich"),
        ("--help", "pydantic"),
        ("fit --help", "throughtime.cli.runs,throughtime.cli.bench"),
        ("bench --help", "throughtime.tasks,throughtime.bench"),
        ("lab --help", "fastapi,uvicorn,throughtime.lab"),
        ("demo --help", "throughtime.runs"),
        ("fit classify --help", "throughtime.tasks.generate.options,throughtime.cli.runs,throughtime.cli.bench"),
    ],
)
def test_help_loads_what_it_shows(command: str, needless: str) -> None:
    """Help answers at once, since it loads no more than it shows: seconds would say how busy the machine is."""
    assert loaded(f"torch,numpy,{NOT_AT_THE_DOOR},throughtime.data.formats,{needless}", *command.split())[-1] == "0 []"


def test_a_start_makes_the_options_of_one_command() -> None:
    made = "import throughtime.cli.main as main\nfrom throughtime.training.options import options_of\n"
    made += "main.status_of({0})\nimport sys\nprint(options_of.cache_info().currsize, file=sys.stderr)"
    counts = [python("-c", made.format(command)).stderr.strip() for command in (["--help"], ["fit", "tag", "--help"])]
    assert counts == ["0", "1"]


def test_the_help_page_loads_few_files_of_ours() -> None:
    shown = "import sys\nfrom throughtime.cli.main import status_of\nstatus_of(['--help'])\n"
    done = python("-c", f"{shown}print(*sys.modules, file=sys.stderr)")
    ours = {each.removeprefix("throughtime.") for each in done.stderr.split() if each.startswith("throughtime")}
    assert ours == {"throughtime", "cli", "cli.later", "cli.main", "cli.values", "doors", "errors"}


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
    rooms += "from throughtime.tasks.generate.text import rivals; from throughtime.tasks.rivals import keeping"
    done = python("-c", f"import sys\n{rooms}\nprint(sorted({{'torch', 'sklearn', 'scipy'}} & set(sys.modules)))")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
