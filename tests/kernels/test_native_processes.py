"""The core among processes and threads: one pool of workers, forks, several callers, the same bits every time.

What needs a process of its own runs as a script in one, under a time limit: a deadlock is a failure, not a wait.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor

from throughtime.kernels import native
from throughtime.kernels.dispatch import use_kernel
from throughtime.layers import GRU, LSTM, RNN, Recurrent

pytestmark = pytest.mark.skipif(native.unavailable() is not None, reason=str(native.unavailable()))
on_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc, or forks after OpenMP ran")

START = """
import os, torch, throughtime as tt
from torch.utils.data import DataLoader, Dataset
torch.manual_seed(0)
layer, x = tt.LSTM(16, 96).eval(), torch.randn(40, 12, 16)  # large enough to wake the other threads

def work():
    with tt.use_kernel("native"), torch.no_grad():
        return layer(x)[0]
"""


def run(script: str, *, threads: int = 2, **environment: str) -> str:
    """Output of a script in a process of its own; every other library's pool holds one thread."""
    limits = {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", START + script],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **limits, **environment},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# -- one pool --------------------------------------------------------------------------------------

POOL = """
import re
threads = lambda: len(os.listdir("/proc/self/task"))
def copies():
    return sorted({line.split()[-1] for line in open("/proc/self/maps") if re.search(r"lib[gi]?omp[-.]", line)})
first, second = FIRST, SECOND
torch.set_num_threads(THREADS)  # more than there are cores, too
before = threads()
first()
between = threads()
second()
first()
x.repeat(1, 3, 1).sin().sum()
print(len(copies()), torch.get_num_threads(), before, between, threads(), copies())
"""
TORCH = "lambda: torch.randn(2_000_000).sin().sum()"


@on_linux
@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize("order", [(TORCH, "work"), ("work", TORCH)], ids=["torch first", "core first"])
def test_torch_and_the_core_share_one_pool(order: tuple[str, str], threads: int) -> None:
    """One copy of OpenMP, and whoever comes second finds the workers that the first has made."""
    script = POOL.replace("FIRST", order[0]).replace("SECOND", order[1]).replace("THREADS", str(threads))
    told = run(script, threads=threads).split()
    copies, known, before, between, after = map(int, told[:5])
    assert (copies, known) == (1, threads), told
    assert between - before == threads - 1, told
    assert after == between, told


@on_linux
def test_one_pool_where_the_core_is_loaded_before_torch() -> None:
    script = """
    import importlib.util, re, sys
    found = importlib.util.find_spec("throughtime._native")
    found.loader.exec_module(importlib.util.module_from_spec(found))
    assert "torch" not in sys.modules
    import torch
    torch.randn(2_000_000).sin().sum()
    lines = [line.split()[-1] for line in open("/proc/self/maps") if re.search(r"lib[gi]?omp[-.]", line)]
    assert len(set(lines)) == 1, set(lines)
    """
    subprocess.run([sys.executable, "-c", "if True:" + script], check=True, timeout=120)


# -- forks: a child has its parent's memory, but none of its threads ---------------------------------------------------

FORK = """
import multiprocessing
told = work()
def child(pipe):
    ONE_THREAD
    pipe.send(work().tolist())
mine, theirs = multiprocessing.get_context("fork").Pipe()
process = multiprocessing.get_context("fork").Process(target=child, args=(theirs,), daemon=True)
process.start()
assert mine.poll(60), "the child hangs"
got = torch.tensor(mine.recv())
torch.testing.assert_close(got, told, rtol=0, atol=0)
process.join(10)
assert process.exitcode == 0
assert work().equal(told)
"""

LOADER = """
class Swept(Dataset):
    def __len__(self): return 8
    def __getitem__(self, index):
        with tt.use_kernel("native"):
            return layer(x + index)[0].detach()
told = [Swept()[index] for index in range(8)]
for workers in (2, 0):
    for _ in range(2):
        loaded = DataLoader(Swept(), batch_size=2, num_workers=workers, multiprocessing_context=CONTEXT, timeout=LIMIT)
        for index, each in enumerate(torch.cat(list(loaded))):
            torch.testing.assert_close(each, told[index], rtol=1e-5, atol=1e-6)
"""


@on_linux
@pytest.mark.parametrize("start", ["process.start()", "with packing._lock: process.start()"], ids=["", "locked"])
def test_a_forked_child(start: str) -> None:
    """OpenMP's workers are gone there, and another thread may have been at the packed weights."""
    script = FORK.replace("ONE_THREAD", "assert torch.get_num_threads() == 1").replace("process.start()", start)
    run("from throughtime.kernels import packing\n" + script)


@on_linux
def test_a_new_thread_of_a_forked_child_has_workers_of_its_own() -> None:
    task = "from concurrent.futures import ThreadPoolExecutor; pool = ThreadPoolExecutor(1)"
    run(FORK.replace("ONE_THREAD", task).replace("work().tolist", "pool.submit(work).result().tolist"))


@on_linux
def test_workers_of_a_data_loader_call_a_layer() -> None:
    run(LOADER.replace("CONTEXT", "'fork' if workers else None").replace("LIMIT", "60 * bool(workers)"))


# -- too little memory ---------------------------------------------------------------------------------------------

MEMORY = """
import resource
layer, x = CELL.train(TRAINING), torch.randn(SIZES)
def work():
    with tt.use_kernel("native"), torch.set_grad_enabled(TRAINING):
        y = layer(x)[0]
        return torch.autograd.grad(y.sum(), layer.weight_hh_l0) if TRAINING else y
work()
work()
here, failed, spare = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize(), 0, 0
while True:
    resource.setrlimit(resource.RLIMIT_AS, (here + spare, resource.RLIM_INFINITY))
    spare += 1 << 18
    try:
        work()
        break
    except MemoryError:
        failed += 1
    except RuntimeError:  # it was torch that got none
        pass
assert failed
"""


@on_linux
@pytest.mark.skipif("asan" in os.environ.get("LD_PRELOAD", ""), reason="the sanitizers need all addresses")
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    "cell, sizes",
    [("tt.GRU(16, 256, recurrent_dropout=0.5)", (2, 600, 16)), ("tt.LSTM(16, 1024)", (70, 1, 16))],
    ids=["rows split", "units split"],
)
def test_a_thread_that_gets_no_memory_is_an_error(cell: str, sizes: tuple[int, ...], training: bool) -> None:
    """Not the end of the process, nor a barrier where the others wait for it."""
    script = MEMORY.replace("CELL", cell).replace("SIZES", str(sizes)).replace("TRAINING", str(training))
    run(script, MALLOC_MMAP_THRESHOLD_="65536")  # or blocks would come from what earlier ones have left


# -- several threads, and the same bits ----------------------------------------------------------------------------


def swept(layer: Recurrent, x: Tensor) -> list[Tensor]:
    """Outputs, final states and gradients, on the core."""
    lengths = [x.shape[0] - k % 7 for k in range(x.shape[1])]
    with use_kernel("native"):
        y, state = layer(x, lengths=lengths)
    parts = state if isinstance(state, tuple) else (state,)
    return [y, *parts, *torch.autograd.grad(y.sin().sum() + parts[-1].sum(), list(layer.parameters()))]


def same_bits(ours: list[Tensor], theirs: list[Tensor]) -> bool:
    return all(a.equal(b) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("made", [LSTM, GRU, RNN])
def test_repeated_calls_give_the_same_bits(made: type[Recurrent], two_threads: None) -> None:
    """No sum depends on which thread comes first."""
    layer, x = made(8, 80, bidirectional=True), torch.randn(24, 9, 8)
    first = swept(layer, x)
    assert all(same_bits(swept(layer, x), first) for _ in range(6))


@pytest.mark.parametrize("made", [LSTM, GRU])
def test_several_threads_at_once(made: type[Recurrent], two_threads: None) -> None:
    """A layer of their own and a shared one, in training and in inference, where packed weights are kept."""
    shared, x = made(8, 80), torch.randn(24, 9, 8)
    own = [made(8, 48) for _ in range(4)]

    def calls(each: Recurrent) -> list[Tensor]:
        with use_kernel("native"), torch.no_grad():
            inferred = [layer(x + k)[0] for k in range(5) for layer in (shared, each)]
        return [*inferred, *swept(each, x), *swept(shared, x)]

    alone = [calls(each) for each in own]
    with ThreadPoolExecutor(len(own)) as pool:
        together = [list(pool.map(calls, own)) for _ in range(4)]
    assert all(same_bits(ours, told) for each in together for ours, told in zip(each, alone, strict=True))


def test_weights_change_in_one_thread_while_others_read_theirs(two_threads: None) -> None:
    """The kept weights of one layer are another layer's business in no thread."""
    layers, x = [GRU(4, 24).eval() for _ in range(4)], torch.randn(6, 3, 4)

    def calls(layer: GRU) -> bool:
        right = True
        for k in range(40):
            with torch.no_grad():
                layer.weight_hh_l0.mul_(1.01 if k % 2 else 0.9)
                y, told = (use(layer, x, kernel) for kernel in ("native", "reference"))
            right &= torch.allclose(y, told, rtol=1e-4, atol=1e-5)
        return right

    with ThreadPoolExecutor(len(layers)) as pool:
        assert all(pool.map(calls, layers))


def use(layer: Recurrent, x: Tensor, kernel: str) -> Tensor:
    with use_kernel(kernel):
        return layer(x)[0]


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_thread_counts_from_the_environment(threads: int) -> None:
    """OMP_NUM_THREADS, and set_num_threads over it: to rounding, since the input's projection is torch's."""
    script = """
assert torch.get_num_threads() == min(int(os.environ["OMP_NUM_THREADS"]), os.cpu_count())
outputs = [work()]
for threads in (1, 2, 4):
    torch.set_num_threads(threads)
    outputs.append(work())
with tt.use_kernel("reference"), torch.no_grad():
    told = layer(x)[0]
for y in outputs:
    torch.testing.assert_close(y, told, rtol=1e-4, atol=1e-5)
"""
    run(script, threads=threads)


def longest_wait(done: threading.Event, seconds: list[float]) -> None:
    """Note the longest time for which this thread did not get to run."""
    before, longest = time.perf_counter(), 0.0
    while not done.is_set():
        time.sleep(0.001)
        now = time.perf_counter()
        before, longest = now, max(longest, now - before)
    seconds.append(longest)


@pytest.mark.alone
def test_other_threads_run_during_a_long_call() -> None:
    """The interpreter's lock is free in the loop: no wait is as long as the call. A busy machine gets four retries."""
    layer, x = LSTM(1, 384).eval(), torch.randn(400, 2, 1)
    shares: list[float] = []
    while not shares or (shares[-1] > 0.5 and len(shares) < 5):
        done, waits = threading.Event(), list[float]()
        thread = threading.Thread(target=longest_wait, args=(done, waits))
        thread.start()
        start = time.perf_counter()
        with torch.no_grad():
            use(layer, x, "native")
        length = time.perf_counter() - start
        done.set()
        thread.join()
        shares.append(waits[0] / length)
    assert shares[-1] <= 0.5, f"the longest wait of another thread, in lengths of the call: {shares}"
