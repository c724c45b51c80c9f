"""What papers report of the memory tasks; conditions differ from ours where that is said."""

from __future__ import annotations

from collections.abc import Mapping

from throughtime.bench.memory.task import Published

__all__ = ["PUBLISHED"]

_CHOMSKY = "Delétang et al. 2023, Neural networks and the Chomsky hierarchy, table 2"
_COUNTING = "Weiss, Goldberg and Yahav 2018, On the practical computational power of finite precision RNNs"
_UNITARY = "Arjovsky, Shah and Bengio 2016, Unitary evolution recurrent neural networks"

PUBLISHED: Mapping[str, tuple[Published, ...]] = {
    "adding": (
        Published(
            figure="LSTM, T = 1,000: 1 of 2,560 sums off by more than 0.04, after 853,000 sequences (T = 100: 74,000)",
            paper="Hochreiter and Schmidhuber 1997, Long short-term memory, table 7",
        ),
    ),
    "copy": (
        Published(
            figure="LSTM, T = 100: hardly better than to remember nothing; unitary RNN: learned",
            paper=f"{_UNITARY}, figure 1",
        ),
    ),
    "selective-copy": (
        Published(
            figure="4,096 steps, 16 symbols: S4 18.3 %, S6 97.0 %, Mamba 99.8 %",
            paper="Gu and Dao 2023, Mamba: linear-time sequence modeling with selective state spaces, table 1",
        ),
        Published(
            figure="the same with minGRU: 37.0 % (1 layer), 96.8 % (2), 99.5 % (3); minLSTM: 37.6, 85.7, 96.0 %",
            paper="Feng et al. 2024, Were RNNs all we needed?, table 1",
        ),
    ),
    "parity": (
        Published(
            figure="learned up to 40, tested from 41 to 500, best run: RNN 100 %, LSTM 100 %, Transformer 52 %",
            paper=_CHOMSKY,
        ),
        Published(
            figure="Mamba, whose factors are between 0 and 1: no better than chance; from -1 to 1: all right",
            paper="Grazzi et al. 2025, Unlocking state-tracking in linear RNNs through negative eigenvalues",
        ),
    ),
    "even-pairs": (Published(figure="the same lengths: RNN 100 %, LSTM 100 %, Transformer 96.4 %", paper=_CHOMSKY),),
    "cycle": (Published(figure="the same lengths: RNN 100 %, LSTM 100 %, Transformer 61.9 %", paper=_CHOMSKY),),
    "anbn": (Published(figure="learned up to n = 100: LSTM right up to n = 256, GRU up to n = 38", paper=_COUNTING),),
    "anbncn": (Published(figure="learned up to n = 50: LSTM right up to n = 100, GRU up to n = 8", paper=_COUNTING),),
    "dyck-1": (
        Published(
            figure="learned up to 50 brackets: an LSTM of one unit counts, and is right on longer strings too",
            paper="Suzgun et al. 2019, LSTM networks can perform dynamic counting",
        ),
    ),
    "recall": (
        Published(
            figure="a state of fixed size recalls ever fewer of more pairs; attention recalls all of them",
            paper="Arora et al. 2023, Zoology: measuring and improving recall in efficient language models",
        ),
    ),
    "pixels": (
        Published(
            figure="MNIST, 784 pixels, in order and mixed: LSTM 98.2 and 88.0 %, IRNN 97.0 and 82.0 %, "
            "unitary RNN 95.1 and 91.4 %",
            paper=f"{_UNITARY}, section 4.3",
        ),
    ),
    "agreement": (
        Published(
            figure="number of a verb in Wikipedia's sentences, LSTM taught it: less than 1 % wrong",
            paper="Linzen, Dupoux and Goldberg 2016, Assessing the ability of LSTMs to learn syntax-sensitive "
            "dependencies, abstract",
        ),
    ),
}
"""Name of a task -> what is reported of it."""
