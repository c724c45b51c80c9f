"""Public names say what they do, what goes in with which shape, and where it comes from."""

from __future__ import annotations

import ast
import inspect
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import is_dataclass
from importlib import import_module
from types import FunctionType, ModuleType

import pytest

import throughtime

LAYERS = ("RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell", "Recurrent")
SHAPE = re.compile(r"\([A-Z*]+[A-Z*+' ]*(, ?[A-Z0-9*+' ]+)*,?\)")


def modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(throughtime.__path__, "throughtime."):
        if not found.name.endswith("__main__"):
            yield import_module(found.name)


def own_public(module: ModuleType) -> Iterator[tuple[str, object]]:
    """The public names that a module defines itself."""
    for name in getattr(module, "__all__", ()):
        value = getattr(module, name)
        if getattr(value, "__module__", None) == module.__name__:
            yield name, value


PUBLIC = [pytest.param(value, id=f"{m.__name__}.{name}") for m in modules() for name, value in own_public(m)]
FUNCTIONS = [item for item in PUBLIC if inspect.isfunction(item.values[0])]
DATACLASSES = [item for item in PUBLIC if is_dataclass(item.values[0]) and inspect.isclass(item.values[0])]
DOORS = [name for name in throughtime.__all__ if name != "__version__" and not name.endswith("Error")]


@pytest.mark.parametrize("value", PUBLIC)
def test_every_public_name_has_a_sentence(value: object) -> None:
    if inspect.isfunction(value) or inspect.isclass(value):
        first = (value.__doc__ or "").strip().split("\n\n")[0]
        assert len(first) > 15 and first.rstrip().endswith((".", ":")), repr(first)


def helped(parameter: inspect.Parameter) -> bool:
    """A parameter of a command whose annotation holds its text for the help page."""
    return any(getattr(item, "help", None) for item in getattr(parameter.annotation, "__metadata__", ()))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_argument_is_documented(function: FunctionType) -> None:
    text = inspect.getdoc(function) or ""
    parameters = inspect.signature(function, eval_str=".cli." in function.__module__).parameters.values()
    names = [item.name for item in parameters if not item.name.startswith("_") and not helped(item)]
    missing = [name for name in names if not re.search(rf"(?<!\w)\*{{0,2}}{name}\b", text)]
    elsewhere = re.search(r"\bas (in|for|of) :?\w*:?`", text)
    assert not missing or elsewhere, f"not documented: {missing}"


@pytest.mark.parametrize("cls", DATACLASSES)
def test_every_field_has_a_text_under_it(cls: type) -> None:
    body = ast.parse(inspect.getsource(inspect.getmodule(cls))).body
    node = next(node for node in body if isinstance(node, ast.ClassDef) and node.name == cls.__name__)
    for field, text in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(field, ast.AnnAssign) and "ClassVar" not in ast.unparse(field.annotation):
            documented = isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
            assert documented, f"{cls.__name__}.{ast.unparse(field.target)} has no text under it"


@pytest.mark.parametrize("name", LAYERS)
def test_layers_state_shapes_and_source(name: str) -> None:
    text = inspect.getdoc(getattr(throughtime, name)) or ""
    assert SHAPE.search(text), "no shape such as (T, B, I)"
    assert "Source" in text or name == "Recurrent", "no source"


def test_cells_state_their_source() -> None:
    from throughtime.kernels.reference import Cell

    cells = [cls for cls in Cell.__subclasses__() if cls.__module__.startswith("throughtime.")]
    assert len(cells) >= 3
    for cls in cells:
        assert re.search(r"Source.*\b(19|20)\d\d\b", inspect.getdoc(cls) or "", re.DOTALL), cls


@pytest.mark.parametrize("name", DOORS)
def test_the_main_names_have_an_example(name: str) -> None:
    assert ">>>" in (inspect.getdoc(getattr(throughtime, name)) or ""), "no example"


def test_all_is_true() -> None:
    for module in modules():
        missing = [name for name in getattr(module, "__all__", ()) if not hasattr(module, name)]
        assert not missing, f"{module.__name__} lacks {missing}"
