"""The demo: brings everything up, starts web and worker, prints the address. Ctrl-C stops both.

Uses only what the product itself needs. Started again it is up in seconds.
"""

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
#: Longer than this nobody waits for the films: they become ready while one looks around.
PATIENCE_SECONDS = 40.0
STOP_SECONDS = 15.0


class Demo:
    """What runs: the web server and the worker, and how they are stopped."""

    def __init__(self, port: int, var_dir: Path):
        self.port = port
        self.address = f"http://localhost:{port}"
        self.var_dir = var_dir
        self.started = time.monotonic()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        os.environ.update(TOMONI_DEMO="1", TOMONI_VAR=str(var_dir), TOMONI_BASE_URL=self.address)

    def say(self, text: str) -> None:
        """Write a line of progress with the seconds since the start."""
        print(f"{time.monotonic() - self.started:5.1f} s  {text}", flush=True)

    def run(self, name: str, *command: str) -> None:
        """Start one of the two; what it writes goes to a file of its own."""
        with (self.var_dir / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches this program alone, which stops both
            )

    def fallen(self) -> str | None:
        """Return the name of one that has ended by itself, or None."""
        return next((n for n, p in self.processes.items() if p.poll() is not None), None)

    def stop(self) -> None:
        """Ask both to end, and wait; one that does not is ended."""
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        until = time.monotonic() + STOP_SECONDS
        for process in self.processes.values():
            try:
                process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="Bring the demo up and show where it is.")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--var", type=Path, default=ROOT / "var" / "demo")
    arguments = parser.parse_args()
    demo = Demo(arguments.port, arguments.var.resolve())
    if not 0 < demo.port < 65536:
        sys.exit(f"{demo.port} is no port; choose one from 1024 to 65535: make demo PORT=8001")
    if _is_taken(demo.port):
        sys.exit(f"Port {demo.port} is taken; choose another: make demo PORT={demo.port + 1}")
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, _leave)
    with _stopping(demo):
        _bring_up(demo)


@contextlib.contextmanager
def _stopping(demo: Demo) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        print("\nStopping ...", flush=True)
    finally:
        demo.stop()
    print("Stopped. 'make demo' goes on from here; 'make demo-reset' starts over.", flush=True)


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _bring_up(demo: Demo) -> None:
    demo.say("Preparing the database ...")
    demo.var_dir.mkdir(parents=True, exist_ok=True)
    from lms.app import create_app  # noqa: PLC0415 - reads the settings made above
    from lms.kernel import clock  # noqa: PLC0415 - as above
    from lms.whole.demo import seed  # noqa: PLC0415 - as above

    app = create_app()
    place = seed.Place(app.extensions["settings"], app.extensions["storage"])
    with app.app_context():
        _migrate()
    # Both start while the stories are told: films are processed while the next is made.
    ready = threading.Event()
    demo.run("worker", "-c", "from lms.command import main; main()", "worker")
    _start_web(demo)

    def refresh() -> bool:
        with app.app_context():
            return seed.refresh_demo(place, clock.now())

    with app.app_context():
        try:
            seed.seed_demo(place, clock.now(), demo.say)
        except seed.FaultyContentError as error:
            sys.exit(f"The courses cannot be loaded:\n{error}")
    if _wait_for_films(demo, refresh):
        ready.set()
    _wait_for_web(demo)
    _greet(demo, ready=ready.is_set())
    while not demo.fallen():
        time.sleep(1)
        if not ready.is_set() and refresh():
            ready.set()
            demo.say("The lectures are ready now.")
    name = demo.fallen()
    sys.exit(f"The {name} has ended by itself; {demo.var_dir}/{name}.log says why.")


def _migrate() -> None:
    from flask_migrate import upgrade  # noqa: PLC0415 - imported when it is needed

    from lms.infra.db import db  # noqa: PLC0415 - as above

    upgrade()
    db.session.remove()


def _start_web(demo: Demo) -> None:
    demo.run(
        "web",
        *("-m", "gunicorn", "--bind", f"127.0.0.1:{demo.port}", "--worker-class", "gthread"),
        *("--workers", "1", "--threads", "4", "--graceful-timeout", "5", "lms.app:create_app()"),
    )


def _wait_for_films(demo: Demo, refresh: Callable[[], bool]) -> bool:
    told = False
    until = time.monotonic() + PATIENCE_SECONDS
    while not refresh():
        if demo.fallen() or time.monotonic() > until:
            return False
        if not told:
            demo.say("Processing the lectures ...")
            told = True
        time.sleep(0.5)
    return True


def _wait_for_web(demo: Demo) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and not demo.fallen():
        with contextlib.suppress(urllib.error.URLError, OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{demo.port}/sign-in", timeout=5)
            return
        time.sleep(0.1)


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _greet(demo: Demo, *, ready: bool) -> None:
    from lms.whole.demo.data import PASSWORD, read_cast  # noqa: PLC0415 - after the settings

    print(f"\n  Tomoni is running:   {demo.address}/sign-in")
    print(f"  All mail lands in:   {demo.address}/demo/mailbox\n")
    print("  Sign in with one click on that page, or with")
    for seed in read_cast().cards:
        print(f"    {seed.address}")
    print(f"  and the password     {PASSWORD}\n")
    if not ready:
        print("  The lectures are being processed still and appear when they are ready.\n")
    print("  Ctrl-C stops it.", flush=True)
    demo.say("Ready.")


if __name__ == "__main__":
    main()
