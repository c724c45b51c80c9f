"""Streams that never end: float32 stays as near to float64 as it was, and memory stays what it was."""

from __future__ import annotations

import copy
import resource

import pytest
import torch
from makers import DIAGONAL, MAKERS, SLSTMS
from torch import Tensor

from throughtime.kernels import native
from throughtime.layers import Recurrent, Stream

needs_core = pytest.mark.skipif(native.unavailable() is not None, reason=str(native.unavailable()))
STREAMED = (*DIAGONAL, *SLSTMS, "lstm", "gru", "rnn_tanh", "rnn_relu")
"""Cells whose single steps are in the C++ core."""
CHUNK = 5000


def contracting(cell: str) -> Recurrent:
    """Weights that float32 has to the bit, and that forget: IndRNN's u starts as near to 1 as chance has it."""
    torch.manual_seed(1)
    layer = MAKERS[cell](2, 4, dtype=torch.float64)
    with torch.no_grad():
        for name, parameter in layer.named_parameters():
            parameter.copy_(parameter.float().double())
            if name.startswith("u_l0"):
                parameter.clamp_(max=0.95)
    return layer


def errors(ours: Stream, exact: Stream, chunks: int, generator: torch.Generator) -> Tensor:
    """How far off each output of so many chunks is."""
    found = []
    for _ in range(chunks):
        x = torch.randn(CHUNK, 1, 2, generator=generator)
        found.append(ours.feed(x).double() - exact.feed(x.double()))
    return torch.cat(found)


@needs_core
@pytest.mark.parametrize("cell", STREAMED)
def test_the_error_at_the_end_is_that_of_the_beginning(cell: str) -> None:
    """Of the first 10^4 steps and of the last 10^4: root mean squares of 40000 numbers, and the largest, which chance
    moves by more. A float32 is off by 6e-8 of itself; what is kept of an LRU's or RG-LRU's error is 0.999 a step."""
    layer, generator = contracting(cell), torch.Generator().manual_seed(0)
    exact, ours = layer.stream(), copy.deepcopy(layer).float().stream()
    first = errors(ours, exact, 2, generator)
    errors(ours, exact, 10**6 // CHUNK - 4, generator)
    last = errors(ours, exact, 2, generator)
    assert 0 < last.square().mean() <= 1.2**2 * first.square().mean()
    assert last.abs().max() <= 2 * first.abs().max() < 1e-5
    assert torch.cat([part.flatten() for part in parts(ours.state)]).isfinite().all()


def parts(state: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return state if isinstance(state, tuple) else (state,)


def most_memory() -> int:
    """The most that this process has held so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@pytest.mark.slow
@pytest.mark.timeout(900)
@needs_core
@pytest.mark.parametrize("cell", STREAMED)
def test_an_endless_stream_takes_no_more_memory(cell: str) -> None:
    """Of one input for ever: the state settles, to the bit, and one more step of float64 leaves it where it is."""
    layer = contracting(cell)
    stream, x = copy.deepcopy(layer).float().stream(), torch.randn(1, 2).expand(CHUNK, 1, 2)
    for _ in range(10**7 // CHUNK // 10):
        early = stream.feed(x)
    before, early_state = most_memory(), stream.state
    for _ in range(10**7 // CHUNK * 9 // 10):
        late = stream.feed(x)
    assert most_memory() - before <= 4 * 2**20
    assert late[-1].equal(early[-1])
    further, state = layer.stream(), [part.double() for part in parts(stream.state)]
    further.state = tuple(state) if len(state) > 1 else state[0]
    torch.testing.assert_close(further.step(x[0].double()).float(), late[-1], rtol=1e-5, atol=1e-6)
    settled = (
        3 if cell.endswith("exp") else len(state)
    )  # an exponential gate may be above 1: the scale m grows for ever
    for one, other in zip(parts(early_state)[:settled], parts(stream.state)[:settled], strict=True):
        assert one.equal(other)
