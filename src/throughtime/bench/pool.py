"""The worker processes: started when first asked, and stopped whenever it is not their turn.

Ours and every library run in processes of their own, for two pools of spinning threads in one process cost each other
whole scheduler slices. A worker that has answered is stopped by SIGSTOP, its threads with it, so that no pool that
still spins (ONNX Runtime's, OpenMP's) takes a core from the one whose turn it is; each keeps the settings that are
fastest for itself.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from types import TracebackType
from typing import IO, Any

__all__ = ["Answer", "Pool", "cores"]

Answer = dict[str, Any]
"""What a worker says: the fields of its method, or ``error``."""

ENVIRONMENT = {"JAX_PLATFORMS": "cpu", "KERAS_BACKEND": "jax", "TF_CPP_MIN_LOG_LEVEL": "2"}


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Worker:
    """One process that answers."""

    def __init__(self, library: str, threads: int) -> None:
        self._errors: IO[str] = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115 (close() closes it)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "throughtime.bench.worker", library, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env={**os.environ, **ENVIRONMENT, "OMP_NUM_THREADS": str(threads)},
        )

    def ask(self, request: Answer) -> Answer:
        """The answer to a request; the process runs no longer than that takes."""
        self._signal("SIGCONT")
        try:
            print(json.dumps(request), file=self._process.stdin, flush=True)
            line = self._process.stdout.readline() if self._process.stdout else ""
        except BrokenPipeError:
            line = ""
        if not line:
            return {"error": f"the process ended: {self._last_words()}"}
        self._stop()
        return json.loads(line)

    @property
    def ended(self) -> bool:
        """Whether the process is gone."""
        return self._process.poll() is not None

    def close(self) -> None:
        """End the process, kindly first."""
        self._signal("SIGCONT")
        try:
            self._process.communicate(timeout=5)
        except (subprocess.TimeoutExpired, BrokenPipeError):
            self._process.kill()
            self._process.wait()
        self._errors.close()

    def _stop(self) -> None:
        """Stop the process, and return when it stands still."""
        self._signal("SIGSTOP")
        if hasattr(os, "waitid") and not self.ended:
            os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def _signal(self, name: str) -> None:
        if hasattr(signal, name) and not self.ended:  # Windows cannot stop a process
            self._process.send_signal(getattr(signal, name))

    def _last_words(self) -> str:
        status = self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().strip().splitlines()
        return lines[-1][:200] if lines else f"status {status}"


class Pool:
    """All workers of a run, one for each library and number of threads."""

    def __init__(self) -> None:
        self._workers: dict[tuple[str, int], _Worker] = {}

    def ask(self, library: str, threads: int, **request: Any) -> Answer:
        """Send a request to a worker and wait for the answer.

        Args:
            library: the worker's library.
            threads: the worker's number of threads.
            **request: ``do`` and its arguments; see :class:`throughtime.bench.worker.Desk`.

        Returns:
            The answer; ``error`` where the work failed or the process died (the next request then starts a new one).
        """
        worker = self._workers.get((library, threads))
        if worker is None:
            worker = self._workers[library, threads] = _Worker(library, threads)
        answer = worker.ask(request)
        if worker.ended:
            self._workers.pop((library, threads)).close()
        return answer

    def clear(self) -> None:
        """Let every worker forget its works."""
        for library, threads in list(self._workers):
            self.ask(library, threads, do="clear")

    def __enter__(self) -> Pool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers.values():
            worker.close()
