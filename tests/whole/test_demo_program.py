"""`make demo` as it is really run: brought up, looked at, stopped, brought up again."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from lms.config import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.sqlite_only]

_PATIENCE = 240  # seconds; a machine may be busy, and nothing here measures


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _running(port: int, var_dir: Path) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Start the program, wait until it says that it is ready, and end it if a test does not."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("TOMONI_")}
    program = subprocess.Popen(
        [sys.executable, str(ROOT / "tools/demo.py"), "--port", str(port), "--var", str(var_dir)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**env, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"},
    )
    try:
        assert program.stdout is not None
        said: list[str] = []
        for line in program.stdout:
            said.append(line.rstrip())
            if said[-1].endswith("Ready."):
                break
        yield program, said
    finally:
        if program.poll() is None:
            program.send_signal(signal.SIGINT)
            program.wait(_PATIENCE)
        if program.stdout is not None:
            program.stdout.close()


def _get(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
        return str(answer.read().decode())


def test_it_comes_up_shows_where_it_is_and_stops_cleanly(tmp_path: Path) -> None:
    port = _free_port()
    with _running(port, tmp_path) as (program, said):
        assert program.poll() is None, "\n".join(said)
        text = "\n".join(said)
        assert f"http://localhost:{port}/sign-in" in text
        assert "trainee@demo.example" in text
        assert "tomoni-demo-2026" in text
        assert 'data-testid="demo-start-trainee"' in _get(port, "/sign-in")
        assert re.search(r"/demo/mailbox/\w{26}", _until_mail(port))

        taken = subprocess.run(
            [sys.executable, str(ROOT / "tools/demo.py"), "--port", str(port)],
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE,
        )
        assert taken.returncode != 0
        assert f"Port {port} is taken" in taken.stderr

        program.send_signal(signal.SIGINT)
        assert program.wait(_PATIENCE) == 0
    with pytest.raises(urllib.error.URLError):
        _get(port, "/sign-in")

    with _running(port, tmp_path) as (program, said):
        text = "\n".join(said)
        assert "Making a lecture" not in text  # what was made once is there
        assert "Ready." in text
        program.send_signal(signal.SIGTERM)
        assert program.wait(_PATIENCE) == 0


def _until_mail(port: int) -> str:
    """Return the mailbox once the worker has put something into it."""
    until = time.monotonic() + _PATIENCE
    page = _get(port, "/demo/mailbox")
    while "/demo/mailbox/" not in page and time.monotonic() < until:
        time.sleep(0.5)
        page = _get(port, "/demo/mailbox")
    return page
