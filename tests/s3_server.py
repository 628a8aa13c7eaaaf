"""A real S3 server process, for the store that is not this machine's disk."""

import http.client
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3

from lms.config import S3Settings

_ACCESS, _SECRET = "testing-access", "testing-secret"
_START_SECONDS = 30


@dataclass
class S3Server:
    """A server on a free port of this machine."""

    endpoint: str
    process: "subprocess.Popen[bytes]"

    def make_bucket(self, prefix: str = "") -> S3Settings:
        """Make an empty bucket; return the settings of a store in it."""
        name = f"tomoni-{uuid.uuid4().hex[:12]}"
        self.client.create_bucket(Bucket=name)
        return S3Settings(
            bucket=name, endpoint=self.endpoint, region="us-east-1",
            access_key=_ACCESS, secret_key=_SECRET, prefix=prefix,
        )  # fmt: skip

    @cached_property
    def client(self) -> Any:
        """The library's own client, to look at the server from outside."""
        return boto3.session.Session().client(
            "s3", endpoint_url=self.endpoint, region_name="us-east-1",
            aws_access_key_id=_ACCESS, aws_secret_access_key=_SECRET,
        )  # fmt: skip


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


@contextmanager
def running_s3() -> Iterator[S3Server]:
    """Start the server, wait until it answers, and stop it at the end."""
    port = _free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until = time.monotonic() + _START_SECONDS
        while True:
            try:
                # An answer, not a connection: a port may meet itself.
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/moto-api/", timeout=5):
                    break
            except (OSError, http.client.HTTPException):
                assert process.poll() is None, "the S3 server ended at once"
                assert time.monotonic() < until, "the S3 server did not come up"
                time.sleep(0.1)
        yield S3Server(f"http://127.0.0.1:{port}", process)
    finally:
        process.terminate()
        process.wait()
