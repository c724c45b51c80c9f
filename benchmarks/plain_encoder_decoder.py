"""The peer of ``fit translate``: the same network in plain PyTorch, written with care, without throughtime.

Packed sequences into ``nn.LSTM``, attention by ``torch.bmm``, a beam search for a whole batch on tensors alone, which
stays whole until its last text has ended.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

State = tuple[Tensor, Tensor]


class Encoded(NamedTuple):
    """A batch of sources."""

    values: Tensor
    """(B, S, 2 H)."""
    keys: Tensor
    """The same, projected."""
    there: Tensor
    """(B, S) bool: where a source has a token."""
    state: State
    """What the decoder starts from."""


class EncoderDecoder(nn.Module):
    """A bidirectional LSTM, an LSTM, general attention after it (Luong et al. 2015), tied output."""

    def __init__(self, sources: int, targets: int, embedding: int, hidden: int, dropout: float) -> None:
        super().__init__()
        width = 2 * hidden
        self.source = nn.Embedding(sources, embedding)
        self.encoder = nn.LSTM(embedding, hidden, batch_first=True, bidirectional=True)
        self.bridge_h, self.bridge_c = nn.Linear(width, width), nn.Linear(width, width)
        self.target = nn.Embedding(targets, embedding)
        self.decoder = nn.LSTM(embedding, width, batch_first=True)
        self.key = nn.Linear(width, width, bias=False)
        self.combine = nn.Linear(2 * width, embedding, bias=False)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(embedding, targets)
        self.output.weight = self.target.weight

    def encode(self, tokens: Tensor, lengths: Tensor) -> Encoded:
        packed = pack_padded_sequence(
            self.dropout(self.source(tokens)), lengths, batch_first=True, enforce_sorted=False
        )
        steps, (h, c) = self.encoder(packed)
        values, _ = pad_packed_sequence(steps, batch_first=True)
        h, c = torch.cat([h[0], h[1]], 1), torch.cat([c[0], c[1]], 1)
        state = torch.tanh(self.bridge_h(h))[None], self.bridge_c(c)[None]
        there = torch.arange(values.shape[1]) < lengths[:, None]
        return Encoded(values, self.key(values), there, state)

    def attend(self, h: Tensor, source: Encoded) -> Tensor:
        scores = torch.bmm(h, source.keys.mT).masked_fill(~source.there[:, None], -torch.inf)
        context = torch.bmm(scores.softmax(-1), source.values)
        return torch.tanh(self.combine(torch.cat([context, h], 2)))

    def forward(self, before: Tensor, lengths: Tensor, source: Encoded) -> Tensor:
        """(N, V) logits of the tokens that there are."""
        packed = pack_padded_sequence(
            self.dropout(self.target(before)), lengths, batch_first=True, enforce_sorted=False
        )
        h, _ = pad_packed_sequence(self.decoder(packed, source.state)[0], batch_first=True)
        a = self.attend(h, source)[torch.arange(before.shape[1]) < lengths[:, None]]
        return self.output(self.dropout(a))

    def step(self, tokens: Tensor, state: State, source: Encoded) -> tuple[Tensor, State]:
        """(R, V) log-probabilities after one token more of each row."""
        h, state = self.decoder(self.target(tokens)[:, None], state)
        return self.output(self.attend(h, source)[:, 0]).log_softmax(1), state


@torch.no_grad()
def beam_search(model: EncoderDecoder, source: Encoded, end: int, width: int, most: Tensor) -> list[list[int]]:
    """The best text of each row, by log-probability over ((5 + length) / 6); ``most`` (B,) bounds its tokens."""
    batch = len(source.values)
    source = Encoded(*(part.repeat_interleave(width, 0) for part in source[:3]), source.state)
    state = tuple(part.repeat_interleave(width, 1) for part in source.state)
    tokens = torch.full((batch * width,), end)
    scores = torch.full((batch, width), -torch.inf)
    scores[:, 0] = 0.0
    ended = torch.zeros(batch, width, dtype=torch.bool)
    lengths = torch.zeros(batch, width)
    written = torch.zeros(batch * width, 0, dtype=torch.int64)
    first_rows = (torch.arange(batch) * width)[:, None]
    for step in range(1, int(most.max()) + 1):
        each, state = model.step(tokens, state, source)
        each = each.view(batch, width, -1)
        each[ended] = -torch.inf
        each[..., end] = torch.where(ended, 0.0, each[..., end])  # an ended text goes on as it is
        total = scores[:, :, None] + each
        length = torch.where(ended, lengths, float(step))
        ranks = (total / ((5 + length[:, :, None]) / 6)).flatten(1)
        chosen = ranks.topk(width, 1).indices
        parent, token = chosen // each.shape[2], chosen % each.shape[2]
        scores, lengths = total.flatten(1).gather(1, chosen), length.gather(1, parent)
        ended = ended.gather(1, parent) | (token == end) | (step >= most)[:, None]
        rows = (first_rows + parent).flatten()
        tokens, state = token.flatten(), tuple(part[:, rows] for part in state)
        written = torch.cat([written[rows], tokens[:, None]], 1)
        if bool(ended.all()):
            break
    best = (scores / ((5 + lengths) / 6)).argmax(1)
    texts: list[list[int]] = written.view(batch, width, -1)[torch.arange(batch), best].tolist()
    return [text[: text.index(end)] if end in text else text for text in texts]


def train_step(model: EncoderDecoder, optimizer: torch.optim.Optimizer, batch: tuple[Tensor, ...]) -> int:
    """One step; how many tokens were predicted."""
    tokens, lengths, before, wanted, target_lengths = batch
    logits = model(before, target_lengths, model.encode(tokens, lengths))
    loss = functional.cross_entropy(logits, wanted, label_smoothing=0.1)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0, foreach=True)
    optimizer.step()
    if not loss.item() < 100:
        raise RuntimeError("diverged")
    return len(wanted)
