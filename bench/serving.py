"""Server processes under measurement, and a small load loop."""

import http.client
import os
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.world import ROOT, wait_until

WORKERS, THREADS, CONNECTIONS = 2, 4, 4
BURSTS, BURST_SECONDS, WARM_SECONDS = 3, 2.0, 1.0
HTTP_OK = 200


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def answers(port: int, path: str = "/") -> bool:
    """Whether anything answers at a port."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        connection.getresponse().read()
    except OSError:
        return False
    finally:
        connection.close()
    return True


@contextmanager
def gunicorn(
    factory: str, environment: dict[str, str], *, workers: int = WORKERS
) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Serve what a function of bench.world makes, with threads; lend port and process."""
    port = free_port()
    process = subprocess.Popen(
        [
            sys.executable, "-m", "gunicorn", f"bench.world:{factory}()",
            "--workers", str(workers), "--worker-class", "gthread", "--threads", str(THREADS),
            "--keep-alive", "30", "--bind", f"127.0.0.1:{port}", "--log-level", "warning",
            "--no-control-socket",
        ],
        cwd=ROOT,
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )  # fmt: skip
    try:
        wait_until(lambda: answers(port), 60)
        yield port, process
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process that was started with a session of its own, and all that it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def requests_per_second(port: int, path: str, cookie: str = "") -> float:
    """Return how many answers a second four kept connections get: the middle of three bursts.

    The first second does not count. Raises AssertionError when an answer is not 200.
    """
    return statistics.median(_burst(port, path, cookie) for _ in range(BURSTS))


def _burst(port: int, path: str, cookie: str) -> float:
    began = time.monotonic() + WARM_SECONDS
    until = began + BURST_SECONDS
    counts, faults = [0] * CONNECTIONS, [""] * CONNECTIONS

    def ask(place: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            while (at := time.monotonic()) < until:
                connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
                answer = connection.getresponse()
                answer.read()
                if answer.status != HTTP_OK:
                    faults[place] = f"{path}: {answer.status}"
                    return
                counts[place] += at >= began
        except OSError as fault:
            faults[place] = f"{path}: {fault}"
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not any(faults), faults
    return sum(counts) / BURST_SECONDS


def pss_mb(pid: int) -> float:
    """Return the proportional set size of a process in MB (of 10^6 bytes)."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError("no Pss in smaps_rollup")


def children_of(pid: int) -> list[int]:
    """Return the processes that a process started."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(word) for word in found.split()]
