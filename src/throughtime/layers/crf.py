"""A linear-chain conditional random field: the probability of whole sequences of labels, and the best of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from throughtime.errors import ShapeError, UsageError
from throughtime.layers.rows import Lengths, Rows, packed_rows

__all__ = ["CRF", "Constraints", "bio_constraints"]

FORBIDDEN = -1e30
"""Score of what is not allowed: beside any other its exponential is exactly 0, and unlike -inf it gives no NaN."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Constraints:
    """Which sequences of C labels a :class:`CRF` may give: bool tensors, true where allowed."""

    transitions: Tensor
    """(C, C): from the row's label to the column's."""
    start: Tensor
    """(C,): labels of a first step."""
    stop: Tensor
    """(C,): labels of a last step."""


def bio_constraints(labels: Sequence[str]) -> Constraints:
    """Say which label may follow which in the BIO or the BIOES scheme.

    .. code-block:: text

        BIO     I-X only after B-X or I-X
        BIOES   after B-X and I-X comes I-X or E-X; these come nowhere else, and no sequence ends between

    Args:
        labels: C names in the order of their numbers: "O", or B, I, E, S with a type, as in "B-PER" (or with none). One
            E or S makes the scheme BIOES.

    Raises:
        UsageError: a name that is none of these, or that is there twice.

    Source: Ramshaw and Marcus 1995, "Text chunking using transformation-based learning"; BIOES: Ratinov and Roth 2009,
    "Design challenges and misconceptions in named entity recognition", who call it BILOU.

    Example:
        >>> bio_constraints(["O", "B-PER", "I-PER"]).transitions[0].tolist()
        [True, True, False]
    """
    parts = [label.partition("-")[::2] for label in labels]
    for number, (prefix, _) in enumerate(parts):
        name = f"label {labels[number]!r} (number {number})"
        if labels[number] != "O" and prefix not in ("B", "I", "E", "S"):
            raise UsageError(f"{name} is neither O nor one of B, I, E, S with a type, such as 'B-PER': rename it")
        if labels[number] in labels[:number]:
            raise UsageError(f"{name} is there twice: give each label one number")
    closing = any(prefix in ("E", "S") for prefix, _ in parts)

    def follows(before: tuple[str, ...], after: tuple[str, ...]) -> bool:
        inside = before[0] in ("B", "I")
        return inside and before[1] == after[1] if after[0] in ("I", "E") else not (closing and inside)

    return Constraints(
        transitions=torch.tensor([[follows(before, after) for after in parts] for before in parts]),
        start=torch.tensor([prefix not in ("I", "E") for prefix, _ in parts]),
        stop=torch.tensor([not (closing and prefix in ("B", "I")) for prefix, _ in parts]),
    )


class CRF(nn.Module):
    """Linear-chain conditional random field over the labels of a sequence.

    .. code-block:: text

        s(x, y) = start[y[1]] + sum_t emissions[t, y[t]] + sum_t transitions[y[t-1], y[t]] + stop[y[n]]
        log p(y | x) = s(x, y) - log sum_y' exp s(x, y')

    All parameters start at zero: at first a CRF is a softmax of each step by itself. It stays outside torch.compile.

    Args:
        num_labels: C.
        allowed: which sequences are possible, such as :func:`bio_constraints` gives; None: all. Any other has
            probability 0. It is an option and no part of the ``state_dict``.
        device: where the parameters live.
        dtype: their floating type; half precision is computed in float32.

    Shapes: emissions (B, T, C); labels (B, T); transitions (C, C), from row to column; start, stop (C,).

    Raises:
        UsageError: ``num_labels`` below 1.
        ShapeError: constraints that are not bool, or of another number of labels.

    Source: Lafferty, McCallum and Pereira 2001, "Conditional random fields: probabilistic models for segmenting and
    labeling sequence data"; the score: Lample et al. 2016, "Neural architectures for named entity recognition", 2.2.

    Example:
        >>> crf = CRF(3, allowed=bio_constraints(["O", "B-PER", "I-PER"]))
        >>> emissions = torch.tensor([[[0.0, 1.0, 3.0], [0.0, 1.0, 3.0]], [[2.0, 1.0, 0.0], [9.0, 9.0, 9.0]]])
        >>> crf.decode(emissions, [2, 1])
        ([[1, 2], [0]], tensor([4., 2.]))
        >>> loss = -crf.log_likelihood(emissions, torch.tensor([[1, 2], [0, -1]]), [2, 1]).sum()
    """

    def __init__(
        self,
        num_labels: int,
        *,
        allowed: Constraints | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        if num_labels < 1:
            raise UsageError(f"num_labels must be 1 or more, got {num_labels}")
        self.num_labels, self.constrained = num_labels, allowed is not None
        for name, axes in {"transitions": 2, "start": 1, "stop": 1}.items():
            shape = (num_labels,) * axes
            self.register_parameter(name, nn.Parameter(torch.zeros(shape, device=device, dtype=dtype)))
            mask = torch.ones(shape, dtype=torch.bool) if allowed is None else cast(Tensor, getattr(allowed, name))
            if mask.dtype != torch.bool or mask.shape != shape:
                raise ShapeError(f"allowed.{name} must be bool of shape {shape}, got {mask.dtype} {tuple(mask.shape)}")
            self.register_buffer(f"_forbidden_{name}", ~mask.to(device), persistent=False)

    def log_likelihood(self, emissions: Tensor, labels: Tensor, lengths: Lengths | None = None) -> Tensor:
        """The log-probability (B,) of each row's labels; its negative is the loss of training.

        Args:
            emissions: (B, T, C) score of each label at each step. What lies past a row's length is never read.
            labels: (B, T) int64.
            lengths: (B,) real steps of each row; None: all T. A row of length 0 has log-likelihood 0.

        Raises:
            ShapeError: a tensor that does not fit, or a label outside 0..C-1.
            UsageError: labels that ``allowed`` forbids: their probability is 0, and no training can raise it.
        """
        chain, transitions = self._chain(emissions, lengths, normalised=True), self._weight("transitions")
        packed = self._packed_labels(labels, emissions, chain)
        along = transitions[packed[chain.before], packed[chain.first :]]
        score = chain.potentials.gather(1, packed[:, None])[:, 0]
        score = torch.cat([score[: chain.first], score[chain.first :] + along])
        if self.constrained and (place := chain.place(score < FORBIDDEN / 2)):
            row, step = place
            where = f"after label {int(labels[row, step - 1])}" if step else "at the start"
            given = f"row {row} has label {int(labels[place])} at step {step}"
            raise UsageError(f"{given}, which allowed= forbids {where} or at the end: mend the labels, or allow it")
        alphas, _ = _forward(chain, transitions)
        return chain.by_row(score.index_add(0, chain.last, -alphas[chain.last].logsumexp(1)))

    @torch.no_grad()
    def decode(self, emissions: Tensor, lengths: Lengths | None = None) -> tuple[list[list[int]], Tensor]:
        """The best labels of each row, by Viterbi's algorithm.

        Args:
            emissions: (B, T, C).
            lengths: (B,) real steps of each row; None: all T.

        Returns:
            ``(paths, scores)``: B lists of labels, each as long as its row (and no padded tensor: what comes next is to
            look up their names), and (B,) the score s(x, y) of each. A row of length 0 has an empty path and score 0.

        Raises:
            ShapeError: a tensor that does not fit.
            UsageError: ``allowed`` leaves no sequence of a row's length.
        """
        chain = self._chain(emissions, lengths, normalised=False)
        labels, score = _viterbi(chain, self._weight("transitions"))
        chain.require_a_path(score)
        padded = cast("list[list[int]]", chain.padded(labels[:, None] + 1)[:, :, 0].tolist())  # padding is 0
        return [[label - 1 for label in row if label] for row in padded], chain.by_row(chain.at_last(score))

    def marginals(self, emissions: Tensor, lengths: Lengths | None = None) -> Tensor:
        """The probability (B, T, C) of each label at each step, given the whole row; zeros past its length.

        Args:
            emissions: (B, T, C).
            lengths: (B,) real steps of each row; None: all T.

        Raises:
            ShapeError: a tensor that does not fit.
            UsageError: ``allowed`` leaves no sequence of a row's length.
        """
        chain, transitions = self._chain(emissions, lengths, normalised=True), self._weight("transitions")
        alphas, arrived = _forward(chain, transitions)
        chain.require_a_path(alphas[chain.last].logsumexp(1))
        return chain.padded(_visits(chain, transitions, alphas, arrived))

    def extra_repr(self) -> str:
        return f"{self.num_labels}" + (", constrained" if self.constrained else "")

    def _weight(self, name: str) -> Tensor:
        """A parameter in float32 or wider, with what is forbidden ruled out."""
        weight = cast(Tensor, getattr(self, name))
        weight = weight.to(torch.promote_types(weight.dtype, torch.float32))
        return weight.masked_fill(cast(Tensor, getattr(self, f"_forbidden_{name}")), FORBIDDEN)

    def _chain(self, emissions: Tensor, lengths: Lengths | None, *, normalised: bool) -> _Chain:
        like = cast(Tensor, self.transitions)
        if emissions.dim() != 3 or emissions.shape[2] != self.num_labels:
            raise ShapeError(f"emissions must be (batch, steps, {self.num_labels}), got {tuple(emissions.shape)}")
        if emissions.device != like.device:
            raise ShapeError(f"emissions are on {emissions.device}, the CRF on {like.device}: move one with .to()")
        if emissions.dtype != like.dtype and not torch.is_autocast_enabled(like.device.type):
            raise ShapeError(f"emissions are {emissions.dtype}, the CRF {like.dtype}: convert one with .to()")
        rows, start = packed_rows(emissions, lengths, None, batch_first=True), self._weight("start")
        x = rows.rows.to(start.dtype)
        if len(x) != int(rows.batch_sizes.sum()):  # so they are where torch.compile made them
            raise UsageError("a CRF's loop follows the lengths and cannot be compiled: call it outside torch.compile")
        # Normalised, all probabilities are the same and sums stay small: long rows in float32 keep 1 to 3 more digits.
        return _Chain(rows, x.log_softmax(1) if normalised else x, start, self._weight("stop"))

    def _packed_labels(self, labels: Tensor, emissions: Tensor, chain: _Chain) -> Tensor:
        """(B, T) -> (N,), checked."""
        rows, shape = chain.rows, tuple(emissions.shape[:2])
        if labels.dtype != torch.int64 or labels.shape != shape:
            raise ShapeError(f"labels must be int64 of shape {shape}, got {labels.dtype} {tuple(labels.shape)}")
        by_rank = (labels if rows.order is None else labels[rows.order]).t().reshape(-1)
        packed = by_rank if rows.grid is None else by_rank[rows.grid]
        if place := chain.place((packed < 0) | (packed >= self.num_labels)):
            given = f"row {place[0]} has {int(labels[place])} at step {place[1]}"
            raise ShapeError(f"labels must lie in 0..{self.num_labels - 1}; {given}: padding is told by lengths=")
        return packed


class _Chain:
    """A batch as one run of N tokens, ordered as in :mod:`throughtime.axes`; A of its rows have any token."""

    def __init__(self, rows: Rows, x: Tensor, start: Tensor, stop: Tensor) -> None:
        self.rows, self.sizes = rows, cast("list[int]", rows.batch_sizes.tolist()) or [0]
        self.first = self.sizes[0]  # A: the first tokens of all rows
        alive, ranks = torch.tensor(self.sizes), torch.arange(self.first)
        last = (alive.cumsum(0) - alive)[(alive[:, None] > ranks).sum(0) - 1] + ranks
        before = torch.arange(self.first, sum(self.sizes)) - alive[:-1].repeat_interleave(alive[1:])
        self.last, self.before = last.to(x.device), before.to(x.device)  # (A,) of each rank; (N-A,) of each later token
        x = torch.cat([x[: self.first] + start, x[self.first :]])
        self.potentials = x.index_add(0, self.last, stop.expand(self.first, -1))  # (N, C)

    def padded(self, x: Tensor) -> Tensor:
        """(N, C) -> (B, T, C)."""
        return cast(Tensor, self.rows.restore(x))

    def by_row(self, x: Tensor) -> Tensor:
        """The sums (B,) of each row's tokens (N,)."""
        return self.padded(x[:, None]).sum((1, 2))

    def at_last(self, x: Tensor) -> Tensor:
        """(A,) -> (N,): at the last token of each rank, else 0."""
        return x.new_zeros(len(self.potentials)).index_copy(0, self.last, x)

    def place(self, flags: Tensor) -> tuple[int, int] | None:
        """Row and step of the first flag (N,) that is set."""
        places = cast("list[list[int]]", self.padded(flags[:, None]).nonzero()[:1].tolist())
        return (places[0][0], places[0][1]) if places else None

    def require_a_path(self, score: Tensor) -> None:
        """Raise where a rank's best score (A,), or the sum over all, says that nothing is allowed."""
        if place := self.place(self.at_last(score) < FORBIDDEN / 2):
            raise UsageError(f"allowed= leaves row {place[0]} no sequence of {place[1] + 1} labels: allow more")


def _forward(chain: _Chain, transitions: Tensor) -> tuple[Tensor, Tensor]:
    """Log of the summed weight of all ways to a label, (N, C): that label's own potential counted, and not counted."""
    alive = torch.split(chain.potentials, chain.sizes)
    alphas, arrived = [alive[0]], [torch.zeros_like(alive[0])]
    for now in alive[1:]:
        arrived.append(torch.logsumexp(alphas[-1][: len(now), :, None] + transitions, 1))
        alphas.append(arrived[-1] + now)
    return torch.cat(alphas), torch.cat(arrived)


def _visits(chain: _Chain, transitions: Tensor, alphas: Tensor, arrived: Tensor) -> Tensor:
    """(N, C): probability of each label at each token, from each rank's last token backwards."""
    sizes, sums, ways = chain.sizes, torch.split(alphas, chain.sizes), torch.split(arrived, chain.sizes)
    ends = alphas[chain.last].softmax(1)
    visits = [ends[: sizes[-1]]]
    for t in range(len(sizes) - 1, 0, -1):
        before = (sums[t - 1][: sizes[t], :, None] + transitions - ways[t][:, None]).exp()  # p(before | now)
        visits.append(torch.cat([(before * visits[-1][:, None]).sum(2), ends[sizes[t] : sizes[t - 1]]]))
    return torch.cat(visits[::-1])


def _viterbi(chain: _Chain, transitions: Tensor) -> tuple[Tensor, Tensor]:
    """The labels (N,) of the best path of each row, and its score (A,)."""
    sizes, alive = chain.sizes, torch.split(chain.potentials, chain.sizes)
    best, pointers = [alive[0]], list[Tensor]()
    for now in alive[1:]:
        arrived, pointer = (best[-1][: len(now), :, None] + transitions).max(1)
        best.append(arrived + now)
        pointers.append(pointer)
    score, ends = torch.cat(best)[chain.last].max(1)
    labels = [ends[: sizes[-1]]]
    for t in range(len(sizes) - 1, 0, -1):
        before = pointers[t - 1].gather(1, labels[-1][:, None])[:, 0]
        labels.append(torch.cat([before, ends[sizes[t] : sizes[t - 1]]]))
    return torch.cat(labels[::-1]), score
