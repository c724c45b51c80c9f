"""What eager quantization does to our layers: nothing, which it does not say; so they do."""

from __future__ import annotations

import warnings
from typing import Any

from torch import nn

__all__ = ["Unquantized"]


class Unquantized(nn.Module):
    """A module that ``torch.ao.quantization`` leaves in float, and that warns of it.

    ``quantize_dynamic``, ``prepare`` and their like give each module of a model a ``qconfig`` before they replace those
    whose type is in their tables. Ours is in none.
    """

    @property
    def qconfig(self) -> Any:
        """What quantization has noted here; there is none before."""
        return self.__dict__["_qconfig"] if "_qconfig" in self.__dict__ else super().__getattr__("qconfig")

    @qconfig.setter
    def qconfig(self, value: Any) -> None:
        name = type(self).__name__
        warnings.warn(
            f"torch.ao.quantization leaves throughtime's {name} in float; what it can quantize is a torch.nn.{name} "
            "with this one's state_dict, where torch.nn has its options",
            UserWarning,
            stacklevel=3,  # this, Module.__setattr__, and who sets it
        )
        self.__dict__["_qconfig"] = value

    @qconfig.deleter
    def qconfig(self) -> None:
        self.__dict__.pop("_qconfig", None)
