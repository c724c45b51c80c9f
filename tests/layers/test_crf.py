"""The conditional random field against every sequence of labels there is, one by one."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise, product
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.func import vmap

from throughtime.errors import ShapeError, UsageError
from throughtime.layers.crf import CRF, Constraints, bio_constraints

EXACT: dict[str, Any] = {"rtol": 1e-11, "atol": 1e-11}  # float64: the same sums in another order
BIO = ["O", "B-X", "I-X", "B-Y", "I-Y"]
BIOES = ["O", "B-X", "I-X", "E-X", "S-X"]

CASES: dict[str, tuple[int, int, list[int] | None]] = {
    "whole": (3, 4, None),
    "ragged": (3, 4, [2, 4, 1, 3]),
    "zero lengths": (3, 3, [0, 3, 0, 2]),
    "no steps": (2, 3, [0, 0]),
    "no padding needed": (2, 3, [3, 3]),
    "T=1": (4, 1, None),
    "B=1": (3, 4, [3]),
    "one label": (1, 4, [4, 2]),
    "T=0": (2, 0, None),
}
"""Name -> (C, T, lengths)."""
cases = pytest.mark.parametrize("name", CASES)


def made(labels: int, allowed: Constraints | None = None, dtype: torch.dtype = torch.float64) -> CRF:
    """With parameters drawn, those of what is forbidden too."""
    crf = CRF(labels, allowed=allowed, dtype=dtype)
    for parameter in crf.parameters():
        torch.nn.init.normal_(parameter)
    return crf


def given(name: str) -> tuple[CRF, Tensor, Tensor, list[int] | None, list[int]]:
    """crf, emissions, labels, lengths as given, lengths in numbers."""
    size, steps, lengths = CASES[name]
    batch = len(lengths) if lengths is not None else 3
    emissions = (2 * torch.randn(batch, steps, size, dtype=torch.float64)).requires_grad_()
    return made(size), emissions, torch.randint(size, (batch, steps)), lengths, lengths or [steps] * batch


def fits(path: tuple[int, ...], allowed: Constraints) -> bool:
    inner = all(allowed.transitions[before, after] for before, after in pairwise(path))
    return not path or bool(allowed.start[path[0]] and allowed.stop[path[-1]] and inner)


def ways(size: int, steps: int, allowed: Constraints | None = None) -> list[tuple[int, ...]]:
    """Every sequence of labels, or every allowed one."""
    return [path for path in product(range(size), repeat=steps) if allowed is None or fits(path, allowed)]


def score(crf: CRF, emissions: Tensor, path: tuple[int, ...]) -> Tensor:
    """s(x, y) as the docstring has it; emissions (T, C)."""
    if not path:
        return emissions.mul(0.0).sum()
    along = [crf.transitions[before, after] for before, after in pairwise(path)]
    steps = [emissions[t, label] for t, label in enumerate(path)]
    return torch.stack([crf.start[path[0]], *steps, *along, crf.stop[path[-1]]]).sum()


class Brute:
    """All that can be asked of a batch, by walking over every (allowed) sequence of each row."""

    def __init__(self, crf: CRF, emissions: Tensor, lengths: list[int], allowed: Constraints | None = None) -> None:
        self.crf, self.emissions, self.lengths = crf, emissions, lengths
        self.paths = [ways(crf.num_labels, n, allowed) for n in lengths]
        each = zip(self.paths, emissions, strict=True)
        self.scores = [torch.stack([score(crf, x, path) for path in paths]) for paths, x in each]

    def likelihood(self, labels: Tensor) -> Tensor:
        gold = [tuple(row[:n].tolist()) for row, n in zip(labels, self.lengths, strict=True)]
        each = zip(self.paths, gold, self.scores, strict=True)
        return torch.stack([scores.log_softmax(0)[paths.index(path)] for paths, path, scores in each])

    def marginals(self) -> Tensor:
        found = torch.zeros_like(self.emissions)
        for b, scores in enumerate(self.scores):
            for path, p in zip(self.paths[b], scores.detach().softmax(0), strict=True):
                for t, label in enumerate(path):
                    found[b, t, label] += p
        return found

    def best(self) -> tuple[list[list[int]], Tensor]:
        top = [scores.detach().max(0) for scores in self.scores]
        paths = [list(paths[int(best.indices)]) for paths, best in zip(self.paths, top, strict=True)]
        return paths, torch.stack([best.values for best in top])


@cases
def test_log_likelihood_and_its_gradients(name: str) -> None:
    crf, emissions, labels, lengths, counts = given(name)
    got, expected = crf.log_likelihood(emissions, labels, lengths), Brute(crf, emissions, counts).likelihood(labels)
    torch.testing.assert_close(got, expected, **EXACT)
    of, up = [emissions, *crf.parameters()], torch.randn_like(got)
    ours = torch.autograd.grad(got, of, up, allow_unused=True, materialize_grads=True)
    brute = torch.autograd.grad(expected, of, up, allow_unused=True, materialize_grads=True)
    torch.testing.assert_close(ours, brute, **EXACT)


@cases
def test_decode_and_marginals(name: str) -> None:
    crf, emissions, _, lengths, counts = given(name)
    brute = Brute(crf, emissions, counts)
    paths, scores = crf.decode(emissions, None if lengths is None else torch.tensor(lengths))
    expected, top = brute.best()
    assert paths == expected and not scores.requires_grad
    torch.testing.assert_close(scores, top, **EXACT)
    torch.testing.assert_close(crf.marginals(emissions, lengths), brute.marginals(), **EXACT)  # zeros past the end


def test_at_first_each_step_is_a_softmax() -> None:
    emissions, labels = torch.randn(2, 4, 3), torch.randint(3, (2, 4))
    crf = CRF(3)
    expected = emissions.log_softmax(2).gather(2, labels[:, :, None]).sum((1, 2))
    torch.testing.assert_close(crf.log_likelihood(emissions, labels), expected)
    assert crf.decode(emissions)[0] == emissions.argmax(2).tolist()


def allowed_by(labels: list[str], path: tuple[int, ...]) -> bool:
    """The schemes told another way: what is open, walked along the sequence."""
    closing, inside = any(label[0] in "ES" for label in labels), None
    for label in (labels[number] for number in path):
        prefix, _, kind = label.partition("-")
        if prefix in ("I", "E"):
            if inside != kind:
                return False
        elif closing and inside is not None:
            return False
        inside = kind if prefix in ("B", "I") else None
    return not closing or inside is None


@pytest.mark.parametrize("labels", [BIO, BIOES, [*BIOES, "B-Y", "E-Y"], ["O"], ["I-X", "B-X"], list("BIES")], ids=str)
def test_the_schemes(labels: list[str]) -> None:
    allowed = bio_constraints(labels)
    for steps in (1, 2, 3, 4):
        told = {path for path in product(range(len(labels)), repeat=steps) if allowed_by(labels, path)}
        assert set(ways(len(labels), steps, allowed)) == told


@pytest.mark.parametrize("labels", [BIO, BIOES], ids=["BIO", "BIOES"])
@pytest.mark.parametrize("lengths", [None, [4, 0, 1, 3]], ids=["whole", "ragged"])
def test_constrained(labels: list[str], lengths: list[int] | None) -> None:
    allowed = bio_constraints(labels)
    crf, emissions = made(5, allowed), (3 * torch.randn(4, 4, 5, dtype=torch.float64)).requires_grad_()
    counts = lengths or [4] * 4
    brute, (paths, scores) = Brute(crf, emissions, counts, allowed), crf.decode(emissions, lengths)
    expected, top = brute.best()
    assert paths == expected != Brute(crf, emissions, counts).best()[0]
    torch.testing.assert_close(scores, top, **EXACT)
    gold = torch.tensor([path + [0] * (4 - len(path)) for path in paths])
    likelihood, told = crf.log_likelihood(emissions, gold, lengths), brute.likelihood(gold)
    torch.testing.assert_close(likelihood, told, **EXACT)
    grads = torch.autograd.grad(likelihood.sum(), of := [emissions, *crf.parameters()])
    torch.testing.assert_close(grads, torch.autograd.grad(told.sum(), of), **EXACT)
    assert grads[1].masked_select(~allowed.transitions).eq(0).all()
    marginals, told = crf.marginals(emissions, lengths), brute.marginals()
    torch.testing.assert_close(marginals, told, **EXACT)
    assert marginals.masked_select(told == 0).eq(0).all() and (told[0] == 0).any()


def test_what_is_forbidden_stays_so_against_any_emission() -> None:
    crf = CRF(3, allowed=bio_constraints(["O", "B-X", "I-X"]))
    emissions = torch.tensor([[[0.0, -1e9, 1e9], [0.0, -1e9, 5e8]]])
    assert crf.decode(emissions)[0] == [[0, 0]]
    assert crf.marginals(emissions).tolist() == [[[1.0, 0.0, 0.0]] * 2]


FORBIDDEN = {
    "label 2 at step 0, .* forbids at the start": [2, 0, 0],
    "label 4 at step 2, .* forbids after label 1": [0, 1, 4],
    "label 1 at step 2, .* at the end": [1, 3, 1],
}


@pytest.mark.parametrize("says", FORBIDDEN)
def test_forbidden_labels_are_refused(says: str) -> None:
    crf = made(5, bio_constraints(BIOES))
    with pytest.raises(UsageError, match=f"row 1 has {says}.*mend"):
        crf.log_likelihood(torch.zeros(2, 3, 5, dtype=torch.float64), torch.tensor([[1, 2, 3], FORBIDDEN[says]]))


@pytest.mark.parametrize("call", ["decode", "marginals"])
def test_a_row_without_any_allowed_sequence_is_refused(call: str) -> None:
    crf = CRF(2, allowed=bio_constraints(["B-X", "E-X"]))
    assert crf.decode(torch.zeros(1, 2, 2))[0] == [[0, 1]]
    with pytest.raises(UsageError, match="row 1 no sequence of 3 labels"):
        getattr(crf, call)(torch.zeros(2, 4, 2), [2, 3])


@pytest.mark.parametrize("allowed", [None, bio_constraints(["O", "B-X", "I-X"])], ids=["free", "constrained"])
def test_gradcheck_twice(allowed: Constraints | None) -> None:
    crf, lengths, labels = made(3, allowed), [3, 0, 2], torch.tensor([[0, 1, 2], [0, 0, 0], [1, 2, 0]])
    emissions = torch.randn(3, 3, 3, dtype=torch.float64, requires_grad=True)

    def function(x: Tensor, *_: Tensor) -> tuple[Tensor, Tensor]:
        return crf.log_likelihood(x, labels, lengths), crf.marginals(x, lengths)

    inputs = (emissions, *crf.parameters())
    assert torch.autograd.gradcheck(function, inputs) and torch.autograd.gradgradcheck(function, inputs)


@pytest.mark.parametrize("filler", [math.nan, math.inf])
def test_padding_is_not_read(filler: float) -> None:
    crf, emissions, labels, lengths, counts = given("zero lengths")
    padding = torch.arange(3) >= torch.tensor(counts)[:, None]
    dirty = emissions.detach().masked_fill(padding[:, :, None], filler).requires_grad_()
    got = crf.log_likelihood(dirty, labels.masked_fill(padding, -100), lengths)
    assert got.equal(crf.log_likelihood(emissions, labels, lengths)) and got[0] == got[2] == 0
    grads = torch.autograd.grad(got.sum(), [dirty, *crf.parameters()])
    assert all(grad.isfinite().all() for grad in grads) and grads[0][padding].eq(0).all()
    assert crf.decode(dirty, lengths)[0] == crf.decode(emissions, lengths)[0]
    assert crf.marginals(dirty, lengths).equal(crf.marginals(emissions, lengths))


def test_a_long_row_in_float32() -> None:
    """Sums along 2000 steps stay near 0 because emissions are normalised first; else the error is 0.1."""
    emissions, labels = 8 * torch.randn(2, 2000, 9), torch.randint(9, (2, 2000))
    exact, narrow = made(9), CRF(9)
    narrow.load_state_dict(exact.state_dict())
    exact.load_state_dict(narrow.state_dict())
    told = exact.marginals(emissions.double())
    torch.testing.assert_close(narrow.marginals(emissions).double(), told, rtol=0, atol=2e-3)
    told = exact.log_likelihood(emissions.double(), labels)
    torch.testing.assert_close(narrow.log_likelihood(emissions, labels).double(), told, rtol=1e-6, atol=0)


def test_half_precision_is_computed_in_float32() -> None:
    crf, emissions, labels = made(3, dtype=torch.bfloat16), torch.randn(2, 4, 3).bfloat16(), torch.randint(3, (2, 4))
    wide = made(3, dtype=torch.float32)
    wide.load_state_dict(crf.state_dict())
    told = wide.log_likelihood(emissions.float(), labels)
    assert crf.log_likelihood(emissions, labels).equal(told)
    with torch.autocast("cpu", torch.bfloat16):
        assert wide.log_likelihood(emissions, labels).equal(told)


def test_vmap() -> None:
    crf, _, labels, lengths, _ = given("ragged")
    stack = torch.randn(5, 4, 4, 3, dtype=torch.float64)
    got = vmap(lambda x: crf.log_likelihood(x, labels, lengths))(stack)
    torch.testing.assert_close(got, torch.stack([crf.log_likelihood(x, labels, lengths) for x in stack]), **EXACT)


def test_state_dict_goes_round() -> None:
    one, two = made(5, bio_constraints(BIO)), made(5, bio_constraints(BIO))
    assert list(one.state_dict()) == ["transitions", "start", "stop"]
    emissions = torch.randn(2, 4, 5, dtype=torch.float64)
    assert not torch.allclose(one.marginals(emissions), two.marginals(emissions))
    two.load_state_dict(one.state_dict())
    assert one.marginals(emissions).equal(two.marginals(emissions))


@pytest.mark.filterwarnings("ignore")  # the compiler warns of itself
def test_compiled_it_says_what_to_do() -> None:
    with pytest.raises(UsageError, match="outside torch"):
        torch.compile(lambda x, n: CRF(4).marginals(x, n) + 1, backend="eager")(X, torch.tensor([3, 2]))


X, Y = torch.zeros(2, 3, 4), torch.zeros(2, 3, dtype=torch.int64)
ALL = bio_constraints(["O", "B-X"])

REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "emissions": (lambda: CRF(5).decode(X), r"\(batch, steps, 5\), got \(2, 3, 4\)"),
    "emissions of two axes": (lambda: CRF(4).decode(X[0]), r"\(batch, steps, 4\), got \(3, 4\)"),
    "dtype": (lambda: CRF(4).decode(X.double()), "float64.*float32.*convert"),
    "device": (lambda: CRF(4).decode(X.to("meta")), "meta.*cpu.*move"),
    "lengths": (lambda: CRF(4).decode(X, [3]), r"2 rows.*\(1,\)"),
    "too long": (lambda: CRF(4).decode(X, [3, 4]), r"0\.\.3.*row 1 has 4"),
    "labels": (lambda: CRF(4).log_likelihood(X, Y[:, :2]), r"\(2, 3\), got .*\(2, 2\)"),
    "labels of numbers": (lambda: CRF(4).log_likelihood(X, Y.float()), "int64.*float32"),
    "label": (lambda: CRF(4).log_likelihood(X, Y + Y.new_tensor([0, 0, 4]), [2, 3]), r"0\.\.3; row 1 has 4 at step 2"),
    "constraints": (lambda: CRF(4, allowed=ALL), r"allowed\.transitions.*\(4, 4\), got .*\(2, 2\)"),
    "mask": (lambda: CRF(2, allowed=replace(ALL, stop=torch.ones(2))), r"allowed\.stop.*bool.*float32"),
    "no label": (lambda: CRF(0), "1 or more, got 0"),
    "another scheme": (lambda: bio_constraints(["O", "U-X"]), r"'U-X' \(number 1\).*B, I, E, S"),
    "twice": (lambda: bio_constraints(["O", "B-X", "O"]), r"'O' \(number 2\).*twice"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused(name: str) -> None:
    call, says = REFUSED[name]
    error = UsageError if name in ("no label", "another scheme", "twice") else ShapeError
    with pytest.raises(error, match=says) as caught:
        call()
    assert "\n" not in str(caught.value)
