"""A reader of texts: a context and a question in, the first and the last word of the answer out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from throughtime.layers import Recurrent
from throughtime.models.parts.carries import last_output

__all__ = ["Pointers", "SpanReader", "best_spans", "span_log_likelihood", "words_alike"]


class Pointers(NamedTuple):
    """Log-probabilities of where an answer begins and ends."""

    first: Tensor
    """(B, T + 1); the last place stands for no answer."""
    last: Tensor
    """(B, T + 1)."""
    looked: Tensor | None
    """(B, hops, T) how much each word of the context was looked at; None without attention."""


class AttentionFlow(nn.Module):
    """Compare each word of the context with each of the question, in both directions.

    .. code-block:: text

        S[t, j] = w_h . h[t] + w_u . u[j] + w_m . (h[t] * u[j])
        u~[t] = sum_j softmax_j(S[t]) u[j]            the question as word t sees it
        h~    = sum_t softmax_t(max_j S[t, j]) h[t]   the context as the question sees it
        G[t]  = [h[t]; u~[t]; h[t] * u~[t]; h[t] * h~]

    Args:
        size: P, features of a word.

    Source: Seo et al. 2017, "Bidirectional attention flow for machine comprehension", equations 1 and 2.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.context, self.question = nn.Linear(size, 1, bias=False), nn.Linear(size, 1, bias=False)
        self.both = nn.Parameter(torch.full((size,), size**-0.5))

    def forward(self, h: Tensor, u: Tensor, there: Tensor, asked: Tensor) -> tuple[Tensor, Tensor]:
        """Compare.

        Args:
            h: (B, T, P) words of the context.
            u: (B, J, P) words of the question.
            there: (B, T) bool, which words of the context are there.
            asked: (B, J) bool, which words of the question are.

        Returns:
            (G (B, T, 4P), how much the question sees of each word of the context (B, T)).
        """
        least = torch.finfo(h.dtype).min
        scores = self.context(h) + self.question(u).mT + (h * self.both) @ u.mT
        scores = scores.masked_fill(~asked[:, None], least)
        seen = scores.softmax(-1) @ u
        looked = scores.amax(-1).masked_fill(~there, least).softmax(-1)
        found = looked[:, None] @ h
        return torch.cat([h, seen, h * seen, h * found], -1), looked


class SpanReader(nn.Module):
    """A net that reads a context and a question, and points to the answer.

    .. code-block:: text

        h = recurrent(input(context)), u = recurrent(input(question))
        hops times:  G = flow(h, u);  h = recurrent_k([G; whether word t is in the question])
        first = softmax(w . [G; h])    last = softmax(w . [G; recurrent_e(h)])    over all words, and none

    Args:
        read: turns words into (B, T, I), those of context and question alike; has ``output_size``.
        recurrent: recurrent layers, batch first: over the words, one for each hop, one before the last word is told.
            All have the same width P, and take I, then 4P + 1 (without attention 2P + 1), then P features.
        attends: whether context and question are compared.
        dropout: share of the features dropped before the scores.

    Source: Seo et al. 2017, section 2, with one recurrent network in place of character convolution and highway layers,
    and the question's words marked in the context (Chen et al. 2017, "Reading Wikipedia to answer open-domain
    questions", f_exact_match); no answer as one more place: Levy et al. 2017, "Zero-shot relation extraction via
    reading comprehension", section 5.
    """

    def __init__(self, read: nn.Module, recurrent: Sequence[Recurrent], *, attends: bool, dropout: float = 0.0) -> None:
        super().__init__()
        words, *hops, end = recurrent
        size = words.output_size
        self.read, self.recurrent, self.end = read, words, end
        self.hops, self.dropout = nn.ModuleList(hops), nn.Dropout(dropout)
        self.flows = nn.ModuleList(AttentionFlow(size) for _ in hops) if attends else None
        width = self.input_size(size, attends=attends)
        self.first, self.last = nn.Linear(width + size, 1), nn.Linear(width + size, 1)
        self.none = nn.Linear(2 * size, 2)

    @staticmethod
    def input_size(size: int, *, attends: bool) -> int:
        """Features that the layers of a hop take, for words of ``size`` features."""
        return (4 if attends else 2) * size + 1

    def forward(self, inputs: Mapping[str, Tensor]) -> Pointers:
        """Point.

        Args:
            inputs: what ``read`` takes by name, under ``content_`` and ``question_``, each with ``lengths`` (B,).

        Returns:
            Where the answer begins and ends.
        """
        context, question = (_part(inputs, name) for name in ("content", "question"))
        lengths, asked_lengths = context.pop("lengths"), question.pop("lengths")
        alike = words_alike(context, question, asked_lengths)
        h, _ = self.recurrent(self.read(**context), lengths=lengths)
        u, state = self.recurrent(self.read(**question), lengths=asked_lengths)
        asked, whole = _there(u, asked_lengths), last_output(self.recurrent, u, state, asked_lengths)
        there, looked, found = _there(h, lengths), list[Tensor](), whole
        g = h
        for place, layer in enumerate(self.hops):
            if self.flows is None:
                g = torch.cat([h, whole[:, None].expand(-1, h.shape[1], -1)], -1)
            else:
                g, looks = self.flows[place](self.dropout(h), self.dropout(u), there, asked)
                looked.append(looks)
            g = torch.cat([g, alike[..., None]], -1)
            h, state = layer(self.dropout(g), lengths=lengths)
            found = last_output(self.recurrent, h, state, lengths)
        ends, _ = self.end(self.dropout(h), lengths=lengths)
        none = self.none(self.dropout(torch.cat([whole, found], -1)))
        first = self._pointer(self.first(self.dropout(torch.cat([g, h], -1))), none[:, :1], there)
        last = self._pointer(self.last(self.dropout(torch.cat([g, ends], -1))), none[:, 1:], there)
        return Pointers(first, last, torch.stack(looked, 1) if looked else None)

    def _pointer(self, scores: Tensor, none: Tensor, there: Tensor) -> Tensor:
        """Log-probabilities over all places that are there, and none: (B, T + 1)."""
        scores = scores[..., 0].masked_fill(~there, torch.finfo(scores.dtype).min)
        return torch.cat([scores, none], 1).log_softmax(1)


def _part(inputs: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    """The arrays of one input, under their own names."""
    return {key.removeprefix(f"{name}_"): each for key, each in inputs.items() if key.startswith(f"{name}_")}


def _there(x: Tensor, lengths: Tensor) -> Tensor:
    return torch.arange(x.shape[1], device=x.device) < lengths.to(x.device)[:, None]


def words_alike(context: Mapping[str, Tensor], question: Mapping[str, Tensor], lengths: Tensor) -> Tensor:
    """Tell which words of contexts stand in their questions too: by their number, or letter by letter.

    Args:
        context: ``words`` (B, T), and where they are spelled ``places`` (B, T) into ``characters`` (U, C).
        question: the same of the questions, (B, J).
        lengths: (B,) words of each question.

    Returns:
        (B, T), 1 for each that does, else 0.

    Example:
        >>> words_alike({"words": torch.tensor([[3, 0, 7]])}, {"words": torch.tensor([[7, 3, 0]])}, torch.tensor([2]))
        tensor([[1., 0., 1.]])
    """
    theirs, own = question["words"], context["words"]
    asked = _there(theirs, lengths)
    alike = (own[:, :, None] == theirs[:, None]) & (theirs > 0)[:, None]
    if "characters" in context:
        letters, others = context["characters"], question["characters"]
        both = min(letters.shape[1], others.shape[1])
        same = (letters[:, None, :both] == others[None, :, :both]).all(-1)
        same &= (letters[:, both:] == 0).all(1)[:, None] & (others[:, both:] == 0).all(1)[None]
        alike |= same[context["places"][:, :, None], question["places"][:, None]]
    return (alike & asked[:, None]).any(-1).float()


def span_log_likelihood(pointers: Pointers, rows: Tensor, first: Tensor, last: Tensor) -> Tensor:
    """Give how likely right answers are, all of a row together.

    Args:
        pointers: B rows.
        rows: (N,) int64, which row each answer belongs to; each row has one at least.
        first: (N,) int64, its first word; -1 for no answer.
        last: (N,) int64, its last one.

    Returns:
        (B,) logarithms.
    """
    each = pointers.first[rows, first] + pointers.last[rows, last]
    table = each.new_full((len(pointers.first), len(rows)), torch.finfo(each.dtype).min)
    table[rows, torch.arange(len(rows), device=rows.device)] = each
    return table.logsumexp(1)


def best_spans(pointers: Pointers, longest: int) -> tuple[Tensor, Tensor, Tensor]:
    """Find the likeliest span of each row, first word before last.

    Args:
        pointers: B rows.
        longest: words of a span, at most.

    Returns:
        (its first word (B,), its last one (B,), the logarithm of its probability (B,)).

    Example:
        >>> first = torch.tensor([[0.1, 0.7, 0.1, 0.1]]).log()
        >>> best_spans(Pointers(first, torch.tensor([[0.6, 0.1, 0.2, 0.1]]).log(), None), 2)[:2]
        (tensor([1]), tensor([2]))
    """
    first, last = pointers.first[:, :-1], pointers.last[:, :-1]
    steps = first.shape[1]
    widths = range(min(longest, steps))
    best = torch.stack([(first[:, : steps - width] + last[:, width:]).amax(1) for width in widths], 1)
    at = torch.stack([(first[:, : steps - width] + last[:, width:]).argmax(1) for width in widths], 1)
    value, width = best.max(1)
    start = at.gather(1, width[:, None])[:, 0]
    return start, start + width, value
