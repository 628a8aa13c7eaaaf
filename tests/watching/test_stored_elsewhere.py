"""The whole way of a film and of a handout when files are kept in an S3-compatible store."""

import io
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pypdfium2
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from lms.config import Settings
from lms.infra.db import db
from lms.infra.jobs.running import LEASE, claim_job, run_claim
from lms.infra.storage import LocalStorage
from lms.infra.storage.s3 import S3Storage
from lms.infra.web.files import stored_answer
from lms.kernel import clock
from lms.people.models import Person
from lms.recordings.jobs import JOBS
from lms.recordings.models import Recording, Stage
from tests.conftest import Cast
from tests.pages.test_desk import PNG, SETTINGS
from tests.recordings.test_upload_protocol import Tus
from tests.s3_server import S3Server, running_s3
from tests.watching.conftest import Shelf
from tests.watching.test_views import start

SignIn = Callable[[Person], FlaskClient]

pytestmark = pytest.mark.sqlite_only


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with running_s3() as started:
        yield started


@pytest.fixture
def store(
    app: Flask, server: S3Server, settings: Settings, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> S3Storage:  # fmt: skip
    """The application's store, in a bucket of its own."""
    bucket = server.make_bucket("tomoni")
    made = S3Storage(bucket, tmp_path / "scratch")
    monkeypatch.setitem(app.extensions, "storage", made)
    monkeypatch.setitem(app.extensions, "settings", replace(settings, s3=bucket))
    return made


def work(kind: str) -> None:
    claim = claim_job([kind], "w", clock.now() + timedelta(days=1), LEASE)
    assert claim is not None
    run_claim(claim, JOBS[kind], LEASE, threading.Event())
    db.session.expire_all()


def only() -> Recording:
    db.session.expire_all()
    return db.session.scalars(select(Recording)).one()


def media_playlist(client: FlaskClient, play: dict[str, Any]) -> tuple[str, str]:
    """Return address and text of the first playlist that lists segments."""
    address = play["playlist"]
    text = client.get(address).text
    while "#EXTINF" not in text:
        child = next(line for line in text.splitlines() if line and not line.startswith("#"))
        address = urljoin(address, child)
        text = client.get(address).text
    return address, text


def outside(address: str) -> bytes:
    """Fetch from the store as a browser does: without any cookie of ours."""
    with urllib.request.urlopen(address) as answer:  # noqa: S310 - of our own server
        data: bytes = answer.read()
    return data


def decrypted(sealed: bytes, key: bytes, iv: bytes) -> bytes:
    opened = Cipher(algorithms.AES128(key), modes.CBC(iv)).decryptor()
    plain = opened.update(sealed) + opened.finalize()
    return plain[: -plain[-1]]


def test_a_film_goes_from_the_upload_to_the_decrypted_segment(
    *, cast: Cast, shelf: Shelf, sign_in: SignIn, films: Path, store: S3Storage, server: S3Server,
    settings: Settings,
) -> None:  # fmt: skip
    tus = Tus(sign_in(cast.organiser), shelf.course)
    data = (films / "short.mp4").read_bytes()
    assert tus.save(tus.send(data, piece=50_000)).status_code == 201
    assert store.read(only().source_key) == data
    work("transcode")
    recording = only()
    assert recording.stage == Stage.REVIEW, recording.error_code
    shelf.agree(recording)
    shelf.publish(recording)
    assert [p for p in settings.media_dir.rglob("*") if p.is_file()] == []  # nothing on this disk

    client = sign_in(cast.trainee)
    play = start(client, recording)
    address, playlist = media_playlist(client, play)
    found = re.findall(
        r'#EXT-X-KEY:METHOD=AES-128,URI="([^"]+)",IV=0x([0-9a-f]{32})|^([^#\n]+)$',
        playlist, re.MULTILINE,
    )  # fmt: skip
    key, iv, count = b"", b"", 0
    for key_name, iv_text, segment in found:
        if key_name:
            answer = client.get(urljoin(address, key_name))
            assert (answer.status_code, len(answer.data)) == (200, 16)  # keys never leave by it
            key, iv = answer.data, bytes.fromhex(iv_text)
            continue
        answer = client.get(urljoin(address, segment))
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith(f"{server.endpoint}/")
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        sealed = outside(answer.headers["Location"])
        plain = decrypted(sealed, key, iv)
        assert set(plain[::188]) == {0x47}  # the mark of every packet of a transport stream
        assert sealed[:1] != b"\x47" or set(sealed[::188]) != {0x47}
        count += 1
    assert count >= 1

    poster = client.get(urljoin(play["playlist"], "poster.jpg"))
    assert (poster.status_code, poster.data[:3]) == (200, b"\xff\xd8\xff")
    policy = client.get(f"/recordings/{recording.id}").headers["Content-Security-Policy"]
    assert f"connect-src 'self' {server.endpoint};" in policy
    assert f"media-src 'self' blob: {server.endpoint};" in policy
    assert policy.count(server.endpoint) == 2

    name = recording.source_key
    tus.client.post(f"/desk/recordings/{recording.id}/delete")
    work("destroy_files")
    assert list(store.list("recordings")) == []
    assert not store.exists(name)
    with pytest.raises(urllib.error.HTTPError):
        outside(store.signed_address(name, "video/mp4") or "")


def test_a_handout_is_shown_and_taken_away_from_the_store(
    cast: Cast, shelf: Shelf, sign_in: SignIn, store: S3Storage, settings: Settings
) -> None:
    recording = shelf.paper()
    shelf.agree(recording, actions=["display", "download"])
    shelf.publish(recording, actions=["display", "download"])
    client = sign_in(cast.trainee)

    for _turn in range(2):  # drawn, then kept
        page = client.get(f"/recordings/{recording.id}/pages/1.png")
        assert (page.status_code, page.data[:4]) == (200, b"\x89PNG")
    assert any(key.endswith("/1.png") for key in store.list(f"recordings/{recording.id}"))
    assert client.get(f"/recordings/{recording.id}").status_code == 200
    address = f"/recordings/{recording.id}/file.pdf"
    whole = client.get(address, follow_redirects=True)
    assert (whole.status_code, whole.mimetype) == (200, "application/pdf")
    assert len(pypdfium2.PdfDocument(whole.data)) == 3
    part = client.get(whole.request.path, headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.data) == (206, b"%PDF")
    assert [p for p in settings.media_dir.rglob("*") if p.is_file()] == []


def test_a_stored_file_answers_ranges_from_either_store(
    app: Flask, store: S3Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = bytes(range(256)) * 4_000
    for storage in (store, LocalStorage(tmp_path / "media")):
        monkeypatch.setitem(app.extensions, "storage", storage)
        storage.put("a/file", io.BytesIO(data))
        for asked, status, expected in (
            (None, 200, data),
            ("bytes=0-0", 206, data[:1]),
            ("bytes=700000-700009", 206, data[700_000:700_010]),
            ("bytes=-5", 206, data[-5:]),
            ("bytes=1023990-", 206, data[1_023_990:]),
        ):
            headers = {} if asked is None else {"Range": asked}
            with app.test_request_context("/", headers=headers):
                answer = stored_answer("a/file", "application/pdf", download_name="髙﨑.pdf")
                got = b"".join(answer.iter_encoded())
                answer.close()
            assert (answer.status_code, got) == (status, expected)
            assert answer.headers["Accept-Ranges"] == "bytes"
            assert int(answer.headers["Content-Length"]) == len(expected)
            assert "filename*=UTF-8''%E9%AB%99" in answer.headers["Content-Disposition"]
        with app.test_request_context("/"), pytest.raises(FileNotFoundError):
            stored_answer("a/none", "application/pdf")


def test_the_logo_needs_no_disk(cast: Cast, sign_in: SignIn, store: S3Storage) -> None:
    client = sign_in(cast.admin)
    answer = client.post("/desk/settings", data={**SETTINGS, "logo": (io.BytesIO(PNG), "logo")})
    assert answer.status_code == 303
    logo = client.get("/logo")
    assert (logo.data, logo.mimetype) == (PNG, "image/png")
    assert len(list(store.list("site"))) == 1
