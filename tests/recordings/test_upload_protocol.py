"""The server of tus 1.0, from the side of a client that knows the protocol."""

import base64
import hashlib
import io
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from lms.config import Settings
from lms.infra.db import db, unit_of_work
from lms.infra.storage import IncomingFolder
from lms.kernel import clock
from lms.people.models import Person
from lms.recordings.models import MediaKind, Recording, Stage, Upload
from tests.conftest import Cast, grant
from tests.recordings.conftest import Course

SignIn = Callable[[Person], FlaskClient]
PIECE = "application/offset+octet-stream"


@pytest.fixture(autouse=True)
def _no_uploads(settings: Settings) -> Iterator[None]:
    shutil.rmtree(settings.upload_dir, ignore_errors=True)
    yield
    shutil.rmtree(settings.upload_dir, ignore_errors=True)


@dataclass
class Tus:
    """A client with a browser's session."""

    client: FlaskClient
    course: Course

    def metadata(self, **told: str) -> str:
        told = {
            "filename": "講義.mp4", "purpose": "recording", "place": self.course.edition.id,
            "kind": "video", **told,
        }  # fmt: skip
        return ",".join(
            f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told.items()
        )

    def ask(self, method: str, path: str, data: bytes = b"", **headers: str) -> TestResponse:
        db.session.rollback()  # a request of a server's own has read nothing before
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.open(
            path, method=method, data=data or None, headers={"Tus-Resumable": "1.0.0", **named}
        )

    def begin(self, size: int, **told: str) -> TestResponse:
        return self.ask(
            "POST", "/desk/uploads", Upload_Length=str(size), Upload_Metadata=self.metadata(**told)
        )

    def location(self, size: int, **told: str) -> str:
        answer = self.begin(size, **told)
        assert answer.status_code == 201, answer.text
        return answer.headers["Location"]

    def patch(self, path: str, start: int, data: bytes, **headers: str) -> TestResponse:
        return self.ask(
            "PATCH", path, data, Upload_Offset=str(start), Content_Type=PIECE, **headers
        )

    def offset(self, path: str) -> int:
        answer = self.ask("HEAD", path)
        assert answer.status_code == 200
        return int(answer.headers["Upload-Offset"])

    def send(self, data: bytes, piece: int = 1 << 20, **told: str) -> str:
        """Send the whole; return the address."""
        path = self.location(len(data), **told)
        for start in range(0, len(data), piece):
            answer = self.patch(path, start, data[start : start + piece])
            assert answer.status_code == 204, answer.text
        return path

    def save(self, upload: str, **fields: str) -> TestResponse:
        """Send the form that says what the file is."""
        values = {"kind": "video", "title_ja": "第1回", "language": "ja", "place": "", **fields}
        return self.client.post(
            f"/desk/recordings/new?edition={self.course.edition.id}",
            data={**values, "upload": upload.rpartition("/")[2]},
            headers={"Accept": "application/json"},
        )


@pytest.fixture
def tus(cast: Cast, sign_in: SignIn, course: Course) -> Tus:
    client = sign_in(cast.organiser)
    with client.session_transaction() as session:
        session["language"] = "en"
    return Tus(client, course)


def row() -> Upload:
    db.session.expire_all()
    return db.session.scalars(select(Upload)).one()


def lying(settings: Settings) -> list[Path]:
    """Return the files that are on their way in."""
    return [path for path in settings.upload_dir.glob("*") if path.is_file()]


def stored(settings: Settings) -> list[Path]:
    return [path for path in settings.media_dir.rglob("*") if path.is_file()]


def test_a_film_sent_in_pieces_is_stored_whole(tus: Tus, films: Path, settings: Settings) -> None:
    data = (films / "short.mp4").read_bytes()
    path = tus.location(len(data))
    third = len(data) // 3

    assert tus.offset(path) == 0
    answer = tus.patch(path, 0, data[:third])
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(third))
    assert tus.offset(path) == third
    assert tus.patch(path, third, data[third:]).status_code == 204
    assert row().state == "whole"
    answer = tus.save(path)

    assert answer.status_code == 201
    recording = db.session.scalars(select(Recording)).one()
    assert answer.get_json() == {"location": f"/desk/recordings/{recording.id}"}
    assert recording.stage == Stage.PROCESSING
    assert recording.source_name == "講義.mp4"
    assert recording.source_size == len(data)
    assert recording.source_sha256 == hashlib.sha256(data).hexdigest()
    assert (settings.media_dir / recording.source_key).read_bytes() == data
    assert lying(settings) == []
    assert (row().state, row().target["became"]) == ("taken", recording.id)
    told = tus.client.get(f"{path}/state").get_json()
    assert (told["state"], told["location"]) == ("taken", f"/desk/recordings/{recording.id}")
    assert tus.ask("HEAD", path).status_code == 410
    assert tus.save(path).status_code == 422  # once is enough
    assert len(stored(settings)) == 1


def test_the_file_of_a_present_recording_is_replaced(
    tus: Tus, papers: Path, settings: Settings
) -> None:
    data = (papers / "three.pdf").read_bytes()
    tus.save(tus.send(data, kind="paper", filename="a.pdf"), kind="paper")
    recording = db.session.scalars(select(Recording)).one()
    path = tus.send(data, purpose="file", place=recording.id, filename="b.pdf", kind="")

    answer = tus.client.post(
        f"/desk/recordings/{recording.id}/file", data={"upload": path.rpartition("/")[2]}
    )

    assert answer.status_code == 303
    db.session.expire_all()
    assert (recording.media_version, recording.source_name) == (2, "b.pdf")
    assert lying(settings) == []


def test_what_the_server_can_is_told(tus: Tus, settings: Settings) -> None:
    for path in ("/desk/uploads", tus.location(5)):
        answer = tus.client.options(path)
        assert answer.status_code == 204
        assert answer.headers["Tus-Version"] == answer.headers["Tus-Resumable"] == "1.0.0"
        extensions = set(answer.headers["Tus-Extension"].split(","))
        assert extensions == {
            "creation", "creation-with-upload", "expiration", "termination", "checksum"
        }  # fmt: skip
        assert int(answer.headers["Tus-Max-Size"]) == settings.max_upload_mb * 1_000_000
        assert answer.headers["Tus-Checksum-Algorithm"] == "sha1,sha256"


@pytest.mark.parametrize("method", ["POST", "HEAD", "PATCH", "DELETE"])
@pytest.mark.parametrize("version", [None, "0.2.2", "2.0.0"])
def test_another_version_of_the_protocol_is_refused(
    tus: Tus, method: str, version: str | None
) -> None:
    path = "/desk/uploads" if method == "POST" else tus.location(5)
    headers = {} if version is None else {"Tus-Resumable": version}
    answer = tus.client.open(path, method=method, headers=headers)
    assert answer.status_code == 412
    assert answer.headers["Tus-Version"] == "1.0.0"
    if method != "POST":
        assert tus.offset(path) == 0


def test_the_first_piece_may_come_with_the_beginning(tus: Tus, films: Path) -> None:
    data = (films / "silent.mp4").read_bytes()
    answer = tus.ask(
        "POST", "/desk/uploads", data, Upload_Length=str(len(data)),
        Upload_Metadata=tus.metadata(), Content_Type=PIECE,
    )  # fmt: skip
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, str(len(data)))
    assert tus.save(answer.headers["Location"]).status_code == 201


def test_ten_gigabytes_are_refused_before_any_byte(tus: Tus, settings: Settings) -> None:
    answer = tus.begin(10_000_000_000)
    assert answer.status_code == 413
    assert answer.get_json()["message"] == "This file has 10.0 GB; at most 64.0 MB are taken."
    assert db.session.scalars(select(Upload)).all() == []
    assert lying(settings) == []


def test_a_file_for_which_there_is_no_room_is_refused_before_any_byte(
    tus: Tus, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(IncomingFolder, "free_bytes", lambda _self: 50_000_000)
    answer = tus.begin(50_000_001)
    assert answer.status_code == 507
    assert "no room on the server for this file (50.0 MB)" in answer.get_json()["message"]
    tus.location(30_000_000)  # what others are still to bring counts
    assert tus.begin(30_000_000).status_code == 507
    assert tus.begin(19_000_000).status_code == 201
    assert lying(settings) == []


def test_a_disk_that_fills_up_keeps_what_has_come(
    tus: Tus, films: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = (films / "short.mp4").read_bytes()
    path = tus.location(len(data))
    tus.patch(path, 0, data[:5_000])

    def full(*_arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("lms.infra.storage.incoming.os.fsync", full)
        answer = tus.patch(path, 5_000, data[5_000:])
    assert answer.status_code == 507
    assert "disk of the server is full" in answer.get_json()["message"]
    assert tus.offset(path) == 5_000
    assert tus.patch(path, 5_000, data[5_000:]).status_code == 204
    assert tus.save(path).status_code == 201


def test_an_empty_file_is_refused_with_a_sentence(tus: Tus) -> None:
    answer = tus.begin(0)
    assert answer.status_code == 422
    assert "empty (0 bytes)" in answer.get_json()["message"]
    assert db.session.scalars(select(Upload)).all() == []


WRONG = [
    ("video", b"%PDF-1.7\n", "This file is a PDF"),
    ("video", b"PK\x03\x04", "no video that can be read"),
    ("video", b"\xff\xd8\xff\xe0", "no video that can be read"),
    ("video", b"<!DOCTYPE html>", "no video that can be read"),
    ("video", b"#EXTM3U\n", "no video that can be read"),
    ("audio", b"PK\x03\x04", "sound"),
    ("paper", b"\x00\x00\x00\x18ftypmp42", "This file is a video"),
    ("paper", b"PK\x03\x04", "no PDF"),
]


@pytest.mark.parametrize(("kind", "head", "sentence"), WRONG)
def test_a_file_of_the_wrong_kind_is_known_by_its_first_bytes(
    tus: Tus, settings: Settings, kind: str, head: bytes, sentence: str
) -> None:
    path = tus.location(30_000_000, kind=kind)
    answer = tus.patch(path, 0, head + bytes(10_000))
    assert answer.status_code == 422
    assert sentence in answer.get_json()["message"]
    assert lying(settings) == []
    assert row().state == "refused"
    assert tus.patch(path, 10_000 + len(head), b"more").status_code == 410
    assert tus.ask("HEAD", path).status_code == 410
    assert sentence in tus.client.get(f"{path}/state").get_json()["message"]


def test_first_bytes_that_come_one_by_one_are_looked_at_too(tus: Tus, settings: Settings) -> None:
    path = tus.location(10_000)
    assert tus.patch(path, 0, b"%P").status_code == 204
    assert tus.patch(path, 2, b"DF-").status_code == 204
    assert tus.patch(path, 5, bytes(5_000)).status_code == 422
    assert lying(settings) == []
    small = tus.location(6)  # shorter than what is looked at
    assert tus.patch(small, 0, b"%PDF-1").status_code == 422


def test_what_is_only_found_when_it_is_whole_ends_with_the_form_too(
    tus: Tus, films: Path, settings: Settings
) -> None:
    answer = tus.save(tus.send((films / "sound.m4a").read_bytes()))
    assert answer.status_code == 422
    assert "sound only" in answer.text
    assert "第1回" in answer.text
    assert (lying(settings), stored(settings)) == ([], [])
    assert db.session.scalars(select(Recording)).all() == []
    assert row().state == "refused"


@pytest.mark.parametrize("start", ["3", "5_0", "-1", "x", "", "9" * 30, "\u0665"])
def test_a_piece_that_does_not_follow_changes_nothing(tus: Tus, start: str) -> None:
    path = tus.location(20)
    assert tus.patch(path, 0, b"01234").status_code == 204
    if start.isascii():
        answer = tus.ask("PATCH", path, b"xxx", Upload_Offset=start, Content_Type=PIECE)
        assert answer.status_code == (409 if start == "3" else 400)
    assert tus.offset(path) == 5
    assert tus.patch(path, 5, b"56789").status_code == 204


def test_a_piece_must_say_what_it_is_and_fit(tus: Tus) -> None:
    path = tus.location(10)
    for mimetype in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = tus.ask("PATCH", path, b"01234", Upload_Offset="0", Content_Type=mimetype)
        assert answer.status_code == 415
    assert tus.ask("PATCH", path, b"01234", Content_Type=PIECE).status_code == 400
    answer = tus.patch(path, 0, b"0123456789a")
    assert answer.status_code == 413
    assert answer.get_json()["message"]
    assert tus.offset(path) == 0


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_piece_with_a_checksum_is_kept_when_it_fits_alone(tus: Tus, algorithm: str) -> None:
    data = b"\0" * 3_000
    path = tus.location(6_000)

    def checksum(of: bytes) -> str:
        return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, of).digest()).decode()}"

    assert tus.patch(path, 0, data, Upload_Checksum=checksum(data)).status_code == 204
    answer = tus.patch(path, 3_000, b"x" * 3_000, Upload_Checksum=checksum(data))
    assert answer.status_code == 460
    assert tus.offset(path) == 3_000
    for odd in ("md5 AAAA", "sha256 !!!", "sha256", f"{algorithm} AAAA"):
        assert tus.patch(path, 3_000, data, Upload_Checksum=odd).status_code == 400
    assert tus.offset(path) == 3_000
    assert tus.patch(path, 3_000, data, Upload_Checksum=checksum(data)).status_code == 204


def test_what_a_broken_connection_has_brought_is_kept(tus: Tus, films: Path) -> None:
    data = (films / "short.mp4").read_bytes()
    path = tus.location(len(data))
    tus.client.open(
        path, method="PATCH", input_stream=io.BytesIO(data[:9_000]), content_length=len(data),
        content_type=PIECE, headers={"Tus-Resumable": "1.0.0", "Upload-Offset": "0"},
    )  # fmt: skip
    assert tus.offset(path) == 9_000
    assert tus.patch(path, 9_000, data[9_000:]).status_code == 204
    tus.save(path)
    recording = db.session.scalars(select(Recording)).one()
    assert recording.source_sha256 == hashlib.sha256(data).hexdigest()


def test_bytes_beyond_what_was_written_down_are_overwritten(
    tus: Tus, films: Path, settings: Settings
) -> None:
    """A process killed in the middle of a piece leaves such."""
    data = (films / "short.mp4").read_bytes()
    path = tus.location(len(data))
    tus.patch(path, 0, data[:6_000])
    with (settings.upload_dir / row().key).open("ab") as file:
        file.write(b"garbage" * 5_000)
    assert tus.offset(path) == 6_000
    assert tus.patch(path, 6_000, data[6_000:]).status_code == 204
    tus.save(path)
    recording = db.session.scalars(select(Recording)).one()
    assert recording.source_sha256 == hashlib.sha256(data).hexdigest()


def test_bytes_that_were_lost_end_the_upload(tus: Tus, settings: Settings) -> None:
    path = tus.location(20_000)
    tus.patch(path, 0, bytes(10_000))
    (settings.upload_dir / row().key).write_bytes(b"")
    assert tus.patch(path, 10_000, bytes(10_000)).status_code == 410
    assert tus.ask("HEAD", path).status_code == 410


def test_two_pieces_at_once_do_not_mix(
    app: Flask, tus: Tus, cast: Cast, sign_in: SignIn, settings: Settings
) -> None:
    """Of eight who send the same piece at the same time one is taken, the others hear why not."""
    path = tus.location(1_000_000)
    clients = [Tus(sign_in(cast.organiser), tus.course) for _turn in range(8)]
    barrier, statuses = threading.Barrier(8), {}

    def send(number: int) -> None:
        barrier.wait()
        with app.app_context():
            answer = clients[number].patch(path, 0, bytes([number]) * 500_000)
            statuses[number] = answer.status_code

    threads = [threading.Thread(target=send, args=(turn,)) for turn in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [taken] = [number for number, status in statuses.items() if status == 204]
    assert set(statuses.values()) <= {204, 409, 423}
    assert tus.offset(path) == 500_000
    assert (settings.upload_dir / row().key).read_bytes() == bytes([taken]) * 500_000


def test_a_piece_that_is_still_being_written_keeps_others_out(tus: Tus, settings: Settings) -> None:
    path = tus.location(10)
    with IncomingFolder(settings.upload_dir).locked(row().key):
        answer = tus.patch(path, 0, b"01234")
    assert answer.status_code == 423
    assert tus.patch(path, 0, b"01234").status_code == 204


def test_stopping_leaves_nothing(tus: Tus, settings: Settings) -> None:
    path = tus.location(10)
    tus.patch(path, 0, b"01234")
    assert tus.ask("DELETE", path).status_code == 204
    assert db.session.scalars(select(Upload)).all() == []
    assert lying(settings) == []
    assert tus.ask("HEAD", path).status_code == 404
    assert tus.ask("DELETE", path).status_code == 404


def test_an_upload_lives_three_days_after_its_last_piece(tus: Tus) -> None:
    path = tus.location(10)
    with time_machine.travel(clock.now() + timedelta(days=2), tick=False):
        answer = tus.patch(path, 0, b"01234")
        expires = parsedate_to_datetime(answer.headers["Upload-Expires"])
        assert expires == (clock.now() + timedelta(days=3)).replace(microsecond=0)
    with time_machine.travel(clock.now() + timedelta(days=4)):
        assert tus.offset(path) == 5
    with time_machine.travel(clock.now() + timedelta(days=6)):
        assert tus.ask("HEAD", path).status_code == 410
        assert tus.patch(path, 5, b"56789").status_code == 410


def test_an_upload_is_its_owners_alone(tus: Tus, cast: Cast, sign_in: SignIn) -> None:
    path = tus.location(10)
    others = [sign_in(cast.admin), sign_in(cast.trainee), tus.client.application.test_client()]
    expected = [404, 404, 401]
    for client, status in zip(others, expected, strict=True):
        other = Tus(client, tus.course)
        answers = [
            other.ask("HEAD", path), other.patch(path, 0, b"01234"), other.ask("DELETE", path),
        ]  # fmt: skip
        assert [answer.status_code for answer in answers] == [status] * 3
        missing = other.ask("DELETE", "/desk/uploads/01ARZ3NDEKTSV4RRFFQ69G5FAV")
        assert (missing.status_code, missing.text) == (status, answers[2].text)
        assert other.client.get(f"{path}/state").status_code in {404, 303}
    assert Tus(sign_in(cast.admin), tus.course).save(path).status_code == 422
    assert tus.offset(path) == 0


def test_who_may_not_add_there_may_not_send_there(
    tus: Tus, cast: Cast, sign_in: SignIn, make_course: Callable[[str], Course]
) -> None:
    from lms.kernel.actor import Role  # noqa: PLC0415 - only here

    other = make_course("other")
    with unit_of_work():
        grant(cast.front_desk, Role.ORGANISER, f"programme:{other.programme.id}")
    client = Tus(sign_in(cast.front_desk), tus.course)
    assert client.begin(10).status_code == 404
    assert client.begin(10, place=other.edition.id).status_code == 201
    for told in ({"place": "no-such"}, {"purpose": "file", "place": "no-such"}):
        assert tus.begin(10, **told).status_code == 404
    assert tus.begin(10, kind=MediaKind.LINK).status_code == 422
    assert tus.begin(10, kind="wax roll").status_code == 422


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Upload-Length": "10"},
        {"Upload-Length": "-1"},
        {"Upload-Length": "1e3"},
        {"Upload-Length": "9" * 40},
        {"Upload-Defer-Length": "1"},
        {"Upload-Length": "10", "Upload-Metadata": "purpose !!!"},
        {"Upload-Length": "10", "Upload-Metadata": "purpose /w=="},
        {"Upload-Length": "10", "Upload-Metadata": "x" * 9_000},
        {"Upload-Length": "10", "Upload-Metadata": "purpose dGhlZnQ="},
        {"Upload-Length": "10", "Upload-Metadata": "filename"},
    ],
)
def test_a_beginning_that_does_not_say_what_it_is_is_refused(
    tus: Tus, headers: dict[str, str]
) -> None:
    answer = tus.client.post("/desk/uploads", headers={"Tus-Resumable": "1.0.0", **headers})
    assert answer.status_code == 400
    assert answer.get_json()["message"]
    assert db.session.scalars(select(Upload)).all() == []


def test_names_lose_what_does_not_belong_in_a_name(tus: Tus, films: Path) -> None:
    data = (films / "silent.mp4").read_bytes()
    tus.save(tus.send(data, filename="C:\\film\\..\\a\u202eb\0c.mp4"))
    assert db.session.scalars(select(Recording)).one().source_name == "abc.mp4"


def test_too_many_at_a_time_are_refused(tus: Tus) -> None:
    for _turn in range(20):
        tus.location(10)
    answer = tus.begin(10)
    assert (answer.status_code, "Too many files" in answer.get_json()["message"]) == (429, True)


def test_nothing_is_taken_without_the_token_of_the_page(app: Flask, tus: Tus) -> None:
    path = tus.location(10)
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        for answer in (tus.begin(10), tus.patch(path, 0, b"01234"), tus.ask("DELETE", path)):
            assert answer.status_code == 400
        page = tus.client.get(f"/desk/recordings/new?edition={tus.course.edition.id}").text
        token = page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
        assert tus.patch(path, 0, b"01234", X_CSRFToken=token).status_code == 204
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert tus.offset(path) == 5


def test_the_form_can_be_checked_before_the_file_is_sent(tus: Tus, settings: Settings) -> None:
    answer = tus.save("check", title_ja=" ")
    assert (answer.status_code, "Please write a title" in answer.text) == (422, True)
    answer = tus.save("check")
    assert (answer.status_code, answer.get_json()) == (200, {"ok": True})
    assert db.session.scalars(select(Recording)).all() == []
    assert stored(settings) == []


@pytest.mark.parametrize("upload", ["../../etc/passwd", "x" * 500, "01ARZ3NDEKTSV4RRFFQ69G5FAV"])
def test_a_form_that_names_no_upload_of_theirs_is_refused(tus: Tus, upload: str) -> None:
    answer = tus.save(upload.replace("/", "%2f"))
    assert (answer.status_code, "not there any more" in answer.text) == (422, True)
    assert db.session.scalars(select(Recording)).all() == []


def test_an_upload_that_is_not_whole_is_not_taken(tus: Tus, settings: Settings) -> None:
    path = tus.location(10)
    tus.patch(path, 0, b"01234")
    answer = tus.save(path)
    assert (answer.status_code, "has not arrived whole" in answer.text) == (422, True)
    assert tus.offset(path) == 5
    assert len(lying(settings)) == 1


def test_a_refused_form_leaves_the_upload_for_the_next_try(tus: Tus, films: Path) -> None:
    path = tus.send((films / "silent.mp4").read_bytes())
    assert tus.save(path, title_ja="").status_code == 422
    assert tus.offset(path) > 0
    assert tus.save(path).status_code == 201


def test_an_upload_in_hand_is_left_alone_until_its_process_must_be_dead(
    tus: Tus, films: Path
) -> None:
    path = tus.send((films / "silent.mp4").read_bytes())
    with unit_of_work():
        db.session.scalars(select(Upload)).one().state = "taking"
    answer = tus.save(path)
    assert (answer.status_code, "being checked already" in answer.text) == (422, True)
    assert tus.ask("DELETE", path).status_code == 423
    with time_machine.travel(clock.now() + timedelta(minutes=31)):
        assert tus.save(path).status_code == 201


def test_a_store_that_is_away_leaves_the_upload(
    app: Flask, tus: Tus, films: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lms.infra.storage import LocalStorage, StorageError  # noqa: PLC0415 - only here

    path = tus.send((films / "silent.mp4").read_bytes())

    def away(*_arguments: Any) -> int:
        raise StorageError("The store is away.")

    with monkeypatch.context() as patch:
        patch.setattr(LocalStorage, "put_file", away)
        answer = tus.save(path)
    assert answer.status_code == 503
    assert "The store" not in answer.text
    assert row().state == "whole"
    assert tus.save(path).status_code == 201
    assert app.testing


def test_the_limit_is_the_settings(
    app: Flask, tus: Tus, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, "settings", replace(settings, max_upload_mb=1))
    assert tus.begin(1_000_001).status_code == 413
    assert tus.begin(1_000_000).status_code == 201
