"""throughtime: recurrent networks for PyTorch that take sequences as they are and show what they remember.

The names below are loaded when they are first used, so that ``import throughtime`` costs nothing and loads no torch.

Example:
    >>> import torch, throughtime as tt
    >>> layer = tt.LSTM(input_size=8, hidden_size=16, batch_first=True)
    >>> y, (h_n, c_n) = layer(torch.randn(3, 10, 8), lengths=[10, 4, 7])
    >>> y.shape
    torch.Size([3, 10, 16])
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from throughtime import insight
    from throughtime.errors import (
        ArgumentTypeError,
        CheckpointError,
        DataError,
        KernelError,
        ShapeError,
        ThroughtimeError,
        TrainingError,
        UnknownNameError,
        UsageError,
    )
    from throughtime.estimators import Forecaster, SequenceClassifier, SequenceRegressor, SequenceTagger
    from throughtime.kernels.dispatch import use_kernel
    from throughtime.kernels.reference import Cell
    from throughtime.layers import (
        CRF,
        GRU,
        LRU,
        LSTM,
        RGLRU,
        RNN,
        SLSTM,
        SRU,
        Attention,
        GRUCell,
        IndRNN,
        LSTMCell,
        MinGRU,
        MinLSTM,
        ParaGRU,
        Recurrent,
        RNNCell,
        explain,
        linear_scan,
        newton,
    )
    from throughtime.layers.attention import HistoryAttention
    from throughtime.layers.crf import bio_constraints
    from throughtime.layers.multidimensional import ConvLSTM, GridLSTM
    from throughtime.runs import Run, fit, load

    __version__: str

__all__ = [
    "CRF",
    "GRU",
    "LRU",
    "LSTM",
    "RGLRU",
    "RNN",
    "SLSTM",
    "SRU",
    "ArgumentTypeError",
    "Attention",
    "Cell",
    "CheckpointError",
    "ConvLSTM",
    "DataError",
    "Forecaster",
    "GRUCell",
    "GridLSTM",
    "HistoryAttention",
    "IndRNN",
    "KernelError",
    "LSTMCell",
    "MinGRU",
    "MinLSTM",
    "ParaGRU",
    "RNNCell",
    "Recurrent",
    "Run",
    "SequenceClassifier",
    "SequenceRegressor",
    "SequenceTagger",
    "ShapeError",
    "ThroughtimeError",
    "TrainingError",
    "UnknownNameError",
    "UsageError",
    "__version__",
    "bio_constraints",
    "explain",
    "fit",
    "insight",
    "linear_scan",
    "load",
    "newton",
    "use_kernel",
]

_ROOMS = {
    "throughtime.errors": (
        "ArgumentTypeError CheckpointError DataError KernelError ShapeError ThroughtimeError TrainingError "
        "UnknownNameError UsageError"
    ),
    "throughtime.estimators": "Forecaster SequenceClassifier SequenceRegressor SequenceTagger",
    "throughtime.kernels.dispatch": "use_kernel",
    "throughtime.kernels.reference": "Cell",
    "throughtime.layers": (
        "Attention CRF GRU GRUCell IndRNN LRU LSTM LSTMCell MinGRU MinLSTM ParaGRU RGLRU RNN RNNCell Recurrent SLSTM "
        "SRU explain linear_scan newton"
    ),
    "throughtime.layers.attention": "HistoryAttention",
    "throughtime.layers.crf": "bio_constraints",
    "throughtime.layers.multidimensional": "ConvLSTM GridLSTM",
    "throughtime.runs": "Run fit load",
}
_HOME = {name: room for room, names in _ROOMS.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("throughtime")
        except PackageNotFoundError:
            return "0+source"  # a copy of the sources that is not installed
    if name == "insight":
        return import_module("throughtime.insight")
    if name not in _HOME:
        raise AttributeError(f"module 'throughtime' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
