"""Recurrent layers as ``torch.nn`` modules: any cell, stacked, bidirectional, ragged, reset, regularised, streamed."""

from __future__ import annotations

from throughtime.layers.attention import Attention
from throughtime.layers.crf import CRF
from throughtime.layers.diagonal import LRU, RGLRU, SRU, IndRNN, MinGRU, MinLSTM, ParaGRU, linear_scan, newton
from throughtime.layers.explain import explain
from throughtime.layers.gru import GRU
from throughtime.layers.lstm import LSTM
from throughtime.layers.recurrent import Recurrent
from throughtime.layers.rnn import RNN
from throughtime.layers.single_step import GRUCell, LSTMCell, RNNCell
from throughtime.layers.slstm import SLSTM
from throughtime.layers.stream import Stream

__all__ = [
    "CRF",
    "GRU",
    "LRU",
    "LSTM",
    "RGLRU",
    "RNN",
    "SLSTM",
    "SRU",
    "Attention",
    "GRUCell",
    "IndRNN",
    "LSTMCell",
    "MinGRU",
    "MinLSTM",
    "ParaGRU",
    "RNNCell",
    "Recurrent",
    "Stream",
    "explain",
    "linear_scan",
    "newton",
]
