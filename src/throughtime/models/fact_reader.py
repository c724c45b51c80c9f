"""A reader of facts: statements and a question in, a word out; it looks back at the facts several times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from throughtime.layers import LSTM, Recurrent
from throughtime.models.parts.carries import last_output

__all__ = ["FactAttention", "FactReader"]

FIRST_GATE = -2.0
"""Score of a fact before anything is learned: a gate of 0.12, so that the first looks go over many facts."""
FAR = -30.0
"""Score of what is not there."""


class FactAttention(nn.Module):
    """Look for the last fact that matters, given the question and what was found so far.

    .. code-block:: text

        score[t] = v . tanh(W [f[t]*q; f[t]*m; |f[t]-q|; |f[t]-m|] + b) + c + log(1 - o + o before[t])
        o = sigmoid(u . m + d)
        gate[t] = sigmoid(score[t])
        weight[t] = gate[t] prod_{s>t} (1 - gate[s])
        before[t] = sum_{s>=t} weight[s] of the look before

    A softmax knows no order. Here the last of several facts that match takes the weight, as a newer fact overrides an
    older one; and where ``o`` is near 1, only what stands before the fact found last counts. The weights sum to 1 or
    less.

    Args:
        size: P, features of facts, question and memory.
        hidden: units of the layer under the score.

    Source: features of the match: Kumar et al. 2016, "Ask me anything: dynamic memory networks", equation 8, as Xiong,
    Merity, Socher 2016, "Dynamic memory networks for visual and textual question answering", equation 8, have them. In
    place of their recurrent unit, which lets gated facts override each other in order, the weights it would give to the
    facts if it only copied: as stick-breaking attention (Tan et al. 2025, "Scaling stick-breaking attention"). The term
    of order is ours.

    Example:
        >>> look = FactAttention(4, 8)
        >>> weights = look(torch.randn(2, 5, 4), torch.randn(2, 4), torch.randn(2, 4), torch.tensor([5, 3]), None)
        >>> weights.shape, weights[1, 3:].sum().item() < 1e-6
        (torch.Size([2, 5]), True)
    """

    def __init__(self, size: int, hidden: int) -> None:
        super().__init__()
        gate = nn.Linear(hidden, 1)
        nn.init.constant_(gate.bias, FIRST_GATE)
        self.match = nn.Sequential(nn.Linear(4 * size, hidden), nn.Tanh(), gate)
        self.order = nn.Linear(size, 1)

    def forward(
        self, facts: Tensor, question: Tensor, memory: Tensor, lengths: Tensor, before: Tensor | None
    ) -> Tensor:
        """Look.

        Args:
            facts: (B, T, P).
            question: (B, P).
            memory: (B, P), what was found so far; at first the question.
            lengths: (B,) facts of each row.
            before: (B, T) weights of the look before, or None.

        Returns:
            (B, T) weights.
        """
        q, m = question[:, None], memory[:, None]
        features = torch.cat([facts * q, facts * m, (facts - q).abs(), (facts - m).abs()], -1)
        scores = self.match(features)[..., 0]
        if before is not None:
            ordered = torch.sigmoid(self.order(memory))
            stands_before = before.flip(1).cumsum(1).flip(1).clamp(max=1.0)
            scores = scores + torch.log(1 - ordered + ordered * stands_before + 1e-6)
        there = torch.arange(facts.shape[1], device=facts.device) < lengths.to(facts.device)[:, None]
        scores = scores.masked_fill(~there, FAR)
        passed = functional.logsigmoid(-scores)
        later = passed.flip(1).cumsum(1).flip(1) - passed
        return (functional.logsigmoid(scores) + later).exp()


class FactReader(nn.Module):
    """A net that reads statements and a question, and scores the words that may answer it.

    .. code-block:: text

        x[t] = last states of an LSTM over the words of statement t;  q = the same of the question
        f[t] = x[t] + recurrent(x)[t]
        m = q; hops times:  m = relu(W [m; sum_t weight[t] f[t]; q] + b)     weight as FactAttention has it
        scores = W dropout([m; q]) + b

    Without attention m is the last state of the layers over the statements. The LSTM's forget gate starts half open, so
    that at first each direction ends with the words it has just read: who does it, and what or where it is.

    Args:
        words: number of words, the unknown one included.
        embedding_size: size of a word's vector.
        recurrent: recurrent layers over the statements, batch first; they take as many features as they give.
        labels: number of words that may be said.
        hops: looks at the facts; 0 is without attention.
        dropout: share of the features dropped.
        word_dropout: share of the words read as unknown in training; of a word seen n times this share over n.
        counts: how often each word was seen, (words,), or None.

    Source: Xiong, Merity, Socher 2016, equations 5 to 9: input fusion layer and memory update; their statements are
    weighted sums of word vectors, ours are read by recurrent layers.

    Example:
        >>> from throughtime.models.parts.cells import stack
        >>> net = FactReader(9, 4, stack("gru", 5, 5), 3, hops=2)
        >>> inputs = {"content_places": torch.tensor([[0, 1, 0]]), "content_statements": torch.tensor([[1, 2], [3, 0]])}
        >>> inputs |= {"content_statement_lengths": torch.tensor([2, 1]), "content_lengths": torch.tensor([3])}
        >>> inputs |= {"question_words": torch.tensor([[4]]), "question_lengths": torch.tensor([1])}
        >>> scores, looks = net(inputs)
        >>> scores.shape, looks.shape
        (torch.Size([1, 3]), torch.Size([1, 2, 3]))
    """

    def __init__(
        self,
        words: int,
        embedding_size: int,
        recurrent: Recurrent,
        labels: int,
        *,
        hops: int,
        dropout: float = 0.0,
        word_dropout: float = 0.0,
        counts: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        size = recurrent.output_size
        self.embedding, self.recurrent = nn.Embedding(words, embedding_size), recurrent
        two = recurrent.bidirectional
        self.encoder = LSTM(embedding_size, recurrent.hidden_size, batch_first=True, bidirectional=two)
        self.looks = nn.ModuleList(FactAttention(size, size) for _ in range(hops))
        self.updates = nn.ModuleList(nn.Linear(3 * size, size) for _ in range(hops))
        self.dropout, self.word_dropout = nn.Dropout(dropout), word_dropout
        seen = torch.ones(words) if counts is None else torch.tensor(counts).clamp(min=1)
        self.register_buffer("word_share", word_dropout / seen, persistent=False)
        self.output = nn.Linear(2 * size, labels)

    word_share: Tensor

    def forward(self, inputs: Mapping[str, Tensor]) -> tuple[Tensor, Tensor | None]:
        """Score words.

        Args:
            inputs: ``content_statements`` (U, C) words of the different statements with ``content_statement_lengths``
                (U,), ``content_places`` (B, T) which of them stand where with ``content_lengths`` (B,),
                ``question_words`` (B, Q) with ``question_lengths`` (B,).

        Returns:
            (scores (B, labels), weights of each look (B, hops, T)); None without attention.
        """
        lengths = inputs["content_lengths"]
        different = self._read(inputs["content_statements"], inputs["content_statement_lengths"])
        question = self._read(inputs["question_words"], inputs["question_lengths"])
        x = functional.embedding(inputs["content_places"], different)
        h, state = self.recurrent(self.dropout(x), lengths=lengths)
        if not self.looks:
            return self._score(last_output(self.recurrent, h, state, lengths), question), None
        facts, memory, looked = self.dropout(x + h), question, list[Tensor]()
        for look, update in zip(self.looks, self.updates, strict=True):
            looked.append(look(facts, question, memory, lengths, looked[-1] if looked else None))
            found = (looked[-1][:, None] @ facts)[:, 0]
            memory = torch.relu(update(torch.cat([memory, found, question], -1)))
        return self._score(memory, question), torch.stack(looked, 1)

    def _read(self, words: Tensor, lengths: Tensor) -> Tensor:
        """Read statements word by word: (U, C) -> (U, P)."""
        if self.training and self.word_dropout:
            words = words.masked_fill(torch.rand(words.shape, device=words.device) < self.word_share[words], 0)
        h, state = self.encoder(self.dropout(self.embedding(words)), lengths=lengths)
        return last_output(self.encoder, h, state, lengths)

    def _score(self, memory: Tensor, question: Tensor) -> Tensor:
        return self.output(self.dropout(torch.cat([memory, question], -1)))
