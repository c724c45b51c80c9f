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


def best_seconds(*arguments: str) -> float:
    """The processor time of the fastest of up to eight runs: other work on the machine must not fail the test."""
    best = float("inf")
    for _ in range(8):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert python("-m", "throughtime", *arguments).returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        best = min(best, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        if best < 0.5:
            break
    return best


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["fit", "--help"]], ids=" ".join)
def test_help_answers_in_half_a_second(arguments: list[str]) -> None:
    assert best_seconds(*arguments) < 0.5


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
