"""A real server, killed in the middle of a piece, goes on after its start with every byte right."""

import hashlib
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from lms.config import ROOT, Settings
from lms.infra.db import db
from lms.people.models import Person
from lms.recordings.models import Recording
from tests.conftest import Cast
from tests.recordings.conftest import Course
from tests.recordings.test_upload_protocol import PIECE, Tus

pytestmark = [pytest.mark.slow, pytest.mark.sqlite_only]

_PIECE_BYTES = 8_000_000
_START_SECONDS = 60


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


def _answers(port: int) -> bool:
    """Whether a server answers there; that something connects may be the port meeting itself."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_START_SECONDS)
    try:
        connection.request("GET", "/theme.css")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@contextmanager
def served(settings: Settings, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """Run the application as operators do; the process leads a group of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--worker-class", "gthread", "--workers", "1",
         "--threads", "4", "--no-control-socket", "--bind", f"127.0.0.1:{port}",
         "lms.app:create_app()"],
        cwd=ROOT,
        env={
            **os.environ, "TOMONI_VAR": str(settings.var_dir),
            "TOMONI_DATABASE_URL": settings.database_url,
            "TOMONI_SECRET_KEY": settings.secret_key, "TOMONI_MEDIA_KEY": "m" * 32,
            "TOMONI_MAX_UPLOAD_MB": "1000", "PYTHONPATH": str(ROOT),
        },
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        until = time.monotonic() + _START_SECONDS
        while not _answers(port):
            assert process.poll() is None, "the server ended at once"
            assert time.monotonic() < until, "the server did not come up"
            time.sleep(0.2)
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def worker_memory(process: "subprocess.Popen[bytes]") -> int:
    """Return the most memory that a process of the group ever had, in bytes."""
    most = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text()
            group = os.getpgid(int(status.parent.name))
        except (OSError, ValueError):
            continue
        found = re.search(r"VmHWM:\s+(\d+) kB", text)
        if group == process.pid and found:
            most = max(most, int(found[1]) * 1024)
    return most


class Asking:
    """Asks a server on a port with one person's cookie and token."""

    def __init__(self, port: int, cookie: str):
        self.port = port
        self.headers = {"Cookie": f"tomoni={cookie}", "Tus-Resumable": "1.0.0"}

    def ask(self, method: str, path: str, body: bytes | None = None, **more: str) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        named = {name.replace("_", "-"): value for name, value in more.items()}
        connection.request(method, path, body, {**self.headers, **named})
        answer = connection.getresponse()
        answer.text = answer.read().decode("utf-8", "replace")  # type: ignore[attr-defined]
        connection.close()
        return answer

    def take_token(self, page: str) -> None:
        """Take the page's token, and the cookie that goes with it."""
        answer = self.ask("GET", page)
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', answer.text)
        assert token is not None, answer.status
        cookie = re.search(r"tomoni=([^;]+)", answer.getheader("Set-Cookie") or "")
        if cookie is not None:
            self.headers["Cookie"] = f"tomoni={cookie[1]}"
        self.headers["X-CSRFToken"] = token[1]


def test_a_server_killed_in_a_piece_goes_on_with_every_byte_right(
    *, cast: Cast, course: Course, sign_in: Callable[[Person], FlaskClient], settings: Settings,
    films: Path,
) -> None:  # fmt: skip
    if not settings.database_url.startswith("sqlite"):
        pytest.skip("the server shares the test's own file")
    shutil.rmtree(settings.upload_dir, ignore_errors=True)
    client = sign_in(cast.organiser)
    cookie = client.get_cookie("tomoni")
    assert cookie is not None
    filler = hashlib.shake_128(b"film").digest(1 << 20)
    data = (films / "short.mp4").read_bytes() + filler * 90
    port = _free_port()
    asking = Asking(port, cookie.value)
    page = f"/desk/recordings/new?edition={course.edition.id}"
    db.session.rollback()

    with served(settings, port) as process:
        asking.take_token(page)
        told = Tus(client, course).metadata()
        answer = asking.ask(
            "POST", "/desk/uploads", Upload_Length=str(len(data)), Upload_Metadata=told
        )
        assert answer.status == 201, answer.text
        path = answer.getheader("Location")
        for start in (0, _PIECE_BYTES):
            answer = asking.ask(
                "PATCH", path, data[start : start + _PIECE_BYTES],
                Content_Type=PIECE, Upload_Offset=str(start),
            )  # fmt: skip
            assert answer.status == 204, answer.text
        torn = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        torn.putrequest("PATCH", path)
        for name, value in {
            **asking.headers, "Content-Type": PIECE, "Upload-Offset": str(2 * _PIECE_BYTES),
            "Content-Length": str(_PIECE_BYTES),
        }.items():  # fmt: skip
            torn.putheader(name, value)
        torn.endheaders()
        torn.send(bytes(3_000_000))  # other bytes than the file's
        begun = settings.upload_dir / path.rpartition("/")[2]
        until = time.monotonic() + _START_SECONDS
        while begun.stat().st_size <= 2 * _PIECE_BYTES:  # nothing of the piece is on the disk yet
            assert time.monotonic() < until, "the piece was not begun"
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        torn.close()

    with served(settings, port) as process:
        answer = asking.ask("HEAD", path)
        assert (answer.status, answer.getheader("Upload-Offset")) == (200, str(2 * _PIECE_BYTES))
        before = worker_memory(process)
        start = 2 * _PIECE_BYTES  # the rest in one piece: 78 MB that nobody holds in memory
        answer = asking.ask(
            "PATCH", path, data[start:], Content_Type=PIECE, Upload_Offset=str(start)
        )
        assert answer.status == 204, answer.text
        assert worker_memory(process) - before < 40_000_000
        fields = {
            "csrf_token": asking.headers["X-CSRFToken"], "kind": "video", "title_ja": "Talk",
            "language": "ja", "place": "", "upload": path.rpartition("/")[2],
        }  # fmt: skip
        body = "&".join(f"{name}={value}" for name, value in fields.items()).encode()
        answer = asking.ask(
            "POST", page, body, Content_Type="application/x-www-form-urlencoded",
            Accept="application/json",
        )  # fmt: skip
        assert answer.status == 201, answer.text

    db.session.rollback()
    recording = db.session.scalars(select(Recording)).one()
    assert recording.source_size == len(data)
    assert recording.source_sha256 == hashlib.sha256(data).hexdigest()
