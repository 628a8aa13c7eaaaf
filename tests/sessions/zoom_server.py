"""A server on a real socket that answers as Zoom's published documentation says.

Each exchange names the exact request that is expected next; one that differs is answered 599 and
written down, so that the test shows what was sent instead.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from typing_extensions import override

from lms.config import ZoomSettings


@dataclass(frozen=True)
class Exchange:
    """One request as it must be, byte for byte, and its answer. `hangs`: no answer in time."""

    method: str
    path: str
    body: Any = None
    answer: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    token: str = "token-1"
    raw: bytes | None = None
    hangs: float = 0.0

    @property
    def data(self) -> bytes:
        """The answer's body."""
        if self.raw is not None:
            return self.raw
        return b"" if self.answer is None else json.dumps(self.answer).encode()


TOKEN_BODY = "grant_type=account_credentials&account_id=acc%2F1"
# base64 of "client-1:secret-1"
TOKEN_AUTH = "Basic Y2xpZW50LTE6c2VjcmV0LTE="


def token(text: str = "token-1", lasts: int = 3599) -> Exchange:
    """Return the exchange of asking for a token."""
    return Exchange(
        "POST", "/oauth/token", body=TOKEN_BODY,
        answer={
            "access_token": text, "token_type": "bearer", "expires_in": lasts,
            "scope": "meeting:write:admin report:read:admin", "api_url": "https://api.zoom.us",
        },
    )  # fmt: skip


@dataclass
class Zoomed:
    """The server's address, and what went otherwise than the contract says."""

    url: str
    left: list[Exchange]
    wrong: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    @property
    def settings(self) -> ZoomSettings:
        return ZoomSettings(
            "acc/1", "client-1", "secret-1", host="host@union.example",
            api_url=f"{self.url}/v2", auth_url=self.url, timeout=0.6,
        )  # fmt: skip

    def check(self) -> None:
        assert self.wrong == []
        assert self.left == []


def _faults(expected: Exchange, asked: BaseHTTPRequestHandler, body: bytes) -> list[str]:
    faults = []
    if (asked.command, asked.path) != (expected.method, expected.path):
        faults.append(f"{asked.command} {asked.path} for {expected.method} {expected.path}")
    if expected.path == "/oauth/token":
        want = {
            "Authorization": TOKEN_AUTH,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        told: Any = body.decode()
    else:
        want = {"Authorization": f"Bearer {expected.token}"}
        if expected.body is not None:
            want["Content-Type"] = "application/json"
        told = json.loads(body) if body else None
    want["Accept"] = "application/json"
    faults += [
        f"{name}: {asked.headers.get(name)}"
        for name, value in want.items()
        if asked.headers.get(name) != value
    ]
    if told != expected.body:
        faults.append(f"body {told!r}")
    return faults


@contextmanager
def zoom_server(*exchanges: Exchange) -> Iterator[Zoomed]:
    """Lend a server that expects exactly these requests, in this order."""
    zoomed = Zoomed("", list(exchanges))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            zoomed.seen.append(f"{self.command} {self.path}")
            if not zoomed.left:
                zoomed.wrong.append(f"too much: {self.command} {self.path}")
                self._send(599, b"{}", {})
                return
            expected = zoomed.left.pop(0)
            faults = _faults(expected, self, body)
            zoomed.wrong.extend(faults)
            if expected.hangs:
                threading.Event().wait(expected.hangs)
            data = expected.data
            self._send(599 if faults else expected.status, data, expected.headers)

        def _send(self, status: int, data: bytes, headers: Mapping[str, str]) -> None:
            try:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                if status != 204:
                    self.wfile.write(data)
            except OSError:
                self.close_connection = True

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _answer  # noqa: N815 - their names

        @override
        def log_message(self, format: str, *args: Any) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    zoomed.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield zoomed
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
