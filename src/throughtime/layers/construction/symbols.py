"""Layers and cells in front of tools that read programs instead of running them: ``torch.fx`` and ``torch.jit.script``.

To ``torch.fx`` they are what ``torch.nn``'s modules are: one node of the graph. Its tracer knows those by the place
where they are defined, so ours say it themselves when they are called with a symbol.
"""

from __future__ import annotations

from typing import Any, NoReturn

from torch import nn
from torch.fx import Proxy

from throughtime.errors import UsageError

__all__ = ["is_symbol", "not_scriptable", "one_node"]


def is_symbol(value: Any) -> bool:
    """Whether ``torch.fx`` traces with this in the place of a value.

    Args:
        value: what a layer was called with.
    """
    return isinstance(value, Proxy)


def one_node(module: nn.Module, input: Any, hx: Any, held: dict[str, Any] | None = None, **options: Any) -> Proxy:
    """Write the call of a module into the graph as one node.

    Args:
        module: a layer or cell inside the module that is traced.
        input: the symbol it was called with.
        hx: the state.
        held: keyword arguments that are written whatever they are.
        **options: others; those that are None or False are left out.

    Raises:
        UsageError: the module is the root of what is traced, so there is nothing around it to be written.
    """
    tracer = input.tracer
    if module is tracer.root:
        raise UsageError(
            f"torch.fx takes {type(module).__name__} for one node, and alone it is no graph: trace what holds it"
        )
    given = {name: value for name, value in options.items() if value is not None and value is not False}
    given |= held or {}
    return tracer.create_proxy(
        "call_module", tracer.path_of_module(module), (input,) if hx is None else (input, hx), given
    )


def not_scriptable(module: nn.Module) -> NoReturn:
    """Raise for ``torch.jit.script``, which compiles Python and would fail deep inside ours.

    Args:
        module: the layer or cell.

    Raises:
        UsageError: always.
    """
    raise UsageError(
        f"torch.jit.script does not compile throughtime's {type(module).__name__}: use torch.jit.trace or torch.export"
    )
