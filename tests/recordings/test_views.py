"""Staff pages, from the browser's side."""

import gc
import hashlib
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from lms.config import Settings
from lms.infra.audit.models import AuditEntry
from lms.infra.db import db, unit_of_work
from lms.infra.jobs.models import Job
from lms.kernel.actor import Role
from lms.people.models import Person
from lms.recordings.models import Caption, Recording, Stage
from tests.conftest import Cast, grant
from tests.recordings.conftest import Course

SignIn = Callable[[Person], FlaskClient]


@pytest.fixture
def organiser(cast: Cast, sign_in: SignIn) -> FlaskClient:
    client = sign_in(cast.organiser)
    with client.session_transaction() as session:
        session["language"] = "en"
    return client


def send(
    client: FlaskClient, course: Course, data: bytes, name: str, **fields: str
) -> "tuple[int, str]":
    values = {"kind": "video", "title_ja": "第1回", "title_en": "", "language": "ja", "place": ""}
    answer = client.post(
        f"/desk/recordings/new?edition={course.edition.id}",
        data={**values, **fields, "file": (io.BytesIO(data), name)},
    )
    return answer.status_code, answer.get_data(as_text=True)


def stored(settings: Settings) -> list[Path]:
    return [path for path in settings.media_dir.rglob("*") if path.is_file()]


def only() -> Recording:
    db.session.expire_all()
    return db.session.scalars(select(Recording)).one()


def test_a_film_is_stored_whole_and_waits_for_the_worker(
    organiser: FlaskClient, course: Course, films: Path, settings: Settings
) -> None:
    data = (films / "short.mp4").read_bytes()

    status, _page = send(organiser, course, data, "講義.txt", place=f"part:{course.parts[1].id}")

    assert status == 303
    row = only()
    assert row.stage == Stage.PROCESSING
    assert row.title == {"ja": "第1回"}
    assert row.part_id == course.parts[1].id
    assert row.source_name == "講義.txt"
    assert row.source_size == len(data)
    assert row.source_sha256 == hashlib.sha256(data).hexdigest()
    assert (settings.media_dir / row.source_key).read_bytes() == data
    job = db.session.get(Job, row.job_id)
    assert job is not None
    assert (job.kind, job.payload) == (
        "transcode", {"recording_id": row.id, "media_version": 1},
    )  # fmt: skip
    entry = db.session.scalars(
        select(AuditEntry).order_by(AuditEntry.id).where(AuditEntry.action == "recording.added")
    ).one()
    assert entry.subject_id == row.id
    page = organiser.get(f"/desk/recordings/{row.id}").get_data(as_text=True)
    assert "Waiting for its turn." in page


def test_the_sending_script_gets_the_address(
    organiser: FlaskClient, course: Course, films: Path
) -> None:
    answer = organiser.post(
        f"/desk/recordings/new?edition={course.edition.id}",
        headers={"Accept": "application/json"},
        data={
            "kind": "video", "title_ja": "第1回", "title_en": "", "language": "ja", "place": "",
            "file": (io.BytesIO((films / "silent.mp4").read_bytes()), "a.mp4"),
        },
    )  # fmt: skip

    assert answer.status_code == 201
    assert answer.get_json() == {"location": f"/desk/recordings/{only().id}"}


def test_a_recording_may_be_added_before_there_is_a_film(
    organiser: FlaskClient, course: Course, films: Path
) -> None:
    fields = {"kind": "video", "title_ja": "第1回", "title_en": "", "language": "ja", "place": ""}
    address = f"/desk/recordings/new?edition={course.edition.id}"

    assert organiser.post(address, data=fields).status_code == 303

    row = only()
    assert (row.stage, row.source_key, row.job_id) == (Stage.DRAFT, "", None)
    answer = organiser.post(f"/desk/recordings/{row.id}/file", data={})
    assert (answer.status_code, "There is no file." in answer.get_data(as_text=True)) == (422, True)
    answer = organiser.post(
        f"/desk/recordings/{row.id}/file",
        data={"file": (io.BytesIO((films / "silent.mp4").read_bytes()), "a.mp4")},
    )
    assert answer.status_code == 303
    assert (only().stage, only().media_version) == (Stage.PROCESSING, 1)


def test_a_handout_is_ready_for_review_with_its_pages(
    organiser: FlaskClient, course: Course, papers: Path
) -> None:
    status, _page = send(
        organiser, course, (papers / "three.pdf").read_bytes(), "a.pdf", kind="paper"
    )

    row = only()
    assert (status, row.stage, row.pages, row.job_id) == (303, Stage.REVIEW, 3, None)
    page = organiser.get(f"/desk/recordings/{row.id}").get_data(as_text=True)
    assert "Handout (PDF)" in page
    assert f'href="/desk/recordings/{row.id}/rights"' in page
    assert f'href="/recordings/{row.id}"' in page
    assert "caption-form" not in page


BAD_FILES = [
    ("video", "films/headless.mp4", "damaged or incomplete"),
    ("video", "films/sound.m4a", "sound only"),
    ("video", "papers/three.pdf", "This file is a PDF"),
    ("video", b"", "empty (0 bytes)"),
    ("video", b"not a video at all" * 100, "no video that can be read"),
    ("video", b"#EXTM3U\n#EXTINF:5,\n/etc/passwd\n#EXT-X-ENDLIST\n", "no video that can be read"),
    ("video", b"ffconcat version 1.0\nfile /etc/passwd\n", "no video that can be read"),
    ("paper", "films/short.mp4", "This file is a video"),
    ("paper", "papers/locked.pdf", "protected by a password"),
    ("paper", "papers/cut.pdf", "PDF is damaged or incomplete"),
    ("paper", b"%PDF-1.7\nnothing\n%%EOF", "PDF is damaged or incomplete"),
    ("paper", b"PK\x03\x04 a word file", "no PDF"),
    ("paper", b"", "empty (0 bytes)"),
]


@pytest.mark.parametrize(("kind", "what", "sentence"), BAD_FILES)
def test_files_are_typed_by_content_and_leave_nothing_when_refused(
    *,
    organiser: FlaskClient,
    course: Course,
    films: Path,
    papers: Path,
    settings: Settings,
    kind: str,
    what: str | bytes,
    sentence: str,
) -> None:
    data = what
    if isinstance(what, str):
        folder, _slash, name = what.partition("/")
        data = ({"films": films, "papers": papers}[folder] / name).read_bytes()
    assert isinstance(data, bytes)

    status, page = send(organiser, course, data, "x.mp4" if kind == "video" else "x.pdf", kind=kind)

    assert status == 422
    assert sentence in page
    assert 'aria-invalid="true"' in page
    assert "第1回" in page  # what was typed is there again
    assert stored(settings) == []
    assert db.session.scalars(select(Recording)).all() == []


def test_the_file_fields_faults_come_with_those_of_other_fields(
    organiser: FlaskClient, course: Course, films: Path, settings: Settings
) -> None:
    status, page = send(
        organiser, course, (films / "silent.mp4").read_bytes(), "a.mp4", title_ja=" "
    )
    assert (status, "Please write a title" in page) == (422, True)

    status, page = send(
        organiser, course, (films / "silent.mp4").read_bytes(), "a.mp4", kind="wax roll"
    )
    assert (status, "Not a valid choice" in page) == (422, True)

    status, page = send(
        organiser, course, (films / "silent.mp4").read_bytes(), "a.mp4", place="part:none"
    )
    assert (status, "Not a valid choice" in page) == (422, True)

    status, page = send(
        organiser, course, (films / "silent.mp4").read_bytes(), "a.mp4", title_ja="x" * 201
    )
    assert status == 422

    answer = organiser.post(
        f"/desk/recordings/new?edition={course.edition.id}", data={"kind": "video"}
    )
    assert answer.status_code == 422
    assert stored(settings) == []


# Werkzeug leaves the part of the file that came for the collector to close.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore:Unclosed file:ResourceWarning")
def test_an_upload_that_breaks_off_is_refused(
    organiser: FlaskClient, course: Course, films: Path, settings: Settings
) -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="title_ja"\r\n\r\nA\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
        + (films / "short.mp4").read_bytes()
    )
    answer = organiser.post(
        f"/desk/recordings/new?edition={course.edition.id}",
        input_stream=io.BytesIO(body),
        content_length=len(body) + 100_000,
        content_type="multipart/form-data; boundary=x",
    )

    assert answer.status_code == 400
    assert "broke off on its way" in answer.get_data(as_text=True)
    assert stored(settings) == []
    gc.collect()


# So large a body waits in a file that the test client leaves for the collector to close.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore:Unclosed file:ResourceWarning")
def test_an_upload_that_is_too_large_is_refused(
    app: Flask,
    organiser: FlaskClient,
    course: Course,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(app.extensions, "settings", replace(settings, max_upload_mb=1))

    status, page = send(organiser, course, b"x" * 1_100_000, "a.mp4")

    assert status == 413
    assert "too large" in page
    assert stored(settings) == []
    gc.collect()


def test_replacing_a_file_makes_a_new_version_to_be_reviewed(
    organiser: FlaskClient, course: Course, papers: Path, settings: Settings
) -> None:
    send(organiser, course, (papers / "three.pdf").read_bytes(), "a.pdf", kind="paper")
    first = only()
    recording_id, old_key = first.id, first.source_key
    with unit_of_work():
        db.session.get_one(Recording, recording_id).stage = Stage.PUBLISHED

    answer = organiser.post(
        f"/desk/recordings/{recording_id}/file",
        data={"file": (io.BytesIO((papers / "cut.pdf").read_bytes()), "b.pdf"), "note": "b"},
    )
    assert answer.status_code == 422
    assert (only().stage, only().media_version) == (Stage.PUBLISHED, 1)

    answer = organiser.post(
        f"/desk/recordings/{recording_id}/file",
        data={"file": (io.BytesIO((papers / "three.pdf").read_bytes()), "b.pdf"), "note": "b"},
    )

    assert answer.status_code == 303
    row = only()
    assert (row.stage, row.media_version, row.source_name) == (Stage.REVIEW, 2, "b.pdf")
    assert row.source_key != old_key
    assert len(stored(settings)) == 2  # the old one goes with its job
    assert [j.kind for j in db.session.scalars(select(Job))] == ["destroy_files"]


def test_captions_in_shift_jis_are_kept_as_webvtt(
    organiser: FlaskClient, course: Course, films: Path
) -> None:
    send(organiser, course, (films / "short.mp4").read_bytes(), "a.mp4")
    recording_id = only().id
    srt = "1\r\n00:00:01,000 --> 00:00:02,000\r\n髙森さん\r\n\r\n2\r\n00:00:02,000 --> 00:00:03,000\r\n \r\n"  # noqa: E501

    answer = organiser.post(
        f"/desk/recordings/{recording_id}/captions",
        data={"caption_language": "ja", "captions": (io.BytesIO(srt.encode("cp932")), "a.srt")},
        follow_redirects=True,
    )

    page = answer.get_data(as_text=True)
    assert "1 caption was stored." in page
    assert "1 caption without words was left out." in page
    caption = db.session.scalars(select(Caption)).one()
    assert caption.vtt == "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n髙森さん\n"
    assert caption.status == "draft"

    organiser.post(f"/desk/recordings/{recording_id}/captions/ja/review", data={"reviewed": "1"})
    db.session.expire_all()
    assert db.session.scalars(select(Caption)).one().status == "reviewed"
    organiser.post(f"/desk/recordings/{recording_id}/captions/ja/delete")
    assert db.session.scalars(select(Caption)).all() == []
    answer = organiser.post(f"/desk/recordings/{recording_id}/captions/ja/delete")
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "empty"),
        (b"\xa4\xa2\xa4\xa4" * 20, "cannot be read"),
        (b"WEBVTT\n\n00:05.000 --> 00:04.000\nx\n", "ends before it begins, or at the same moment, in line 3."),  # noqa: E501
        (b"hello", "neither WebVTT nor SubRip"),
        (b"WEBVTT\n\nx --> y\nz\n\n00:05.000 --> 00:04.000\nx\n", "read in line 3. They must look like 00:01:02.500 --&gt; 00:01:05.000. Further lines: 1."),  # noqa: E501
    ],
)  # fmt: skip
def test_captions_that_cannot_be_read_are_refused_with_the_line(
    organiser: FlaskClient, course: Course, films: Path, data: bytes, sentence: str
) -> None:
    send(organiser, course, (films / "silent.mp4").read_bytes(), "a.mp4")

    answer = organiser.post(
        f"/desk/recordings/{only().id}/captions",
        data={"caption_language": "en", "captions": (io.BytesIO(data), "a.vtt")},
    )

    assert answer.status_code == 422
    assert sentence in answer.get_data(as_text=True)
    assert db.session.scalars(select(Caption)).all() == []


def test_title_language_and_place_can_be_changed(
    organiser: FlaskClient, course: Course, papers: Path
) -> None:
    send(organiser, course, (papers / "three.pdf").read_bytes(), "a.pdf", kind="paper")
    address = f"/desk/recordings/{only().id}/details"
    good = {
        "title_ja": "配付資料", "title_en": "Handout", "language": "en",
        "place": f"part:{course.parts[0].id}",
    }  # fmt: skip

    assert organiser.post(address, data={**good, "title_ja": "", "title_en": ""}).status_code == 422
    assert only().title == {"ja": "第1回"}
    assert organiser.post(address, data=good).status_code == 303

    row = only()
    assert row.title == {"ja": "配付資料", "en": "Handout"}
    assert (row.language, row.part_id) == ("en", course.parts[0].id)


def test_what_is_deleted_is_gone_from_every_page(
    organiser: FlaskClient, course: Course, papers: Path
) -> None:
    send(organiser, course, (papers / "three.pdf").read_bytes(), "a.pdf", kind="paper")
    recording_id = only().id
    listed = f"/desk/editions/{course.edition.id}/recordings"
    assert "第1回" in organiser.get(listed).get_data(as_text=True)

    answer = organiser.post(f"/desk/recordings/{recording_id}/delete")

    assert answer.headers["Location"] == listed
    assert only().stage == Stage.DELETED
    assert f"/desk/recordings/{recording_id}" not in organiser.get(listed).get_data(as_text=True)
    assert organiser.get(f"/desk/recordings/{recording_id}").status_code == 404
    assert organiser.post(f"/desk/recordings/{recording_id}/delete").status_code == 404


ADDRESSES = [
    ("get", ""), ("get", "/status"), ("post", "/file"), ("post", "/details"),
    ("post", "/captions"), ("post", "/captions/ja/review"), ("post", "/captions/ja/delete"),
    ("post", "/retry"), ("post", "/delete"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "end"), ADDRESSES)
def test_other_peoples_recordings_answer_like_missing_ones(
    *,
    cast: Cast,
    sign_in: SignIn,
    organiser: FlaskClient,
    make_course: Callable[[str], Course],
    papers: Path,
    method: str,
    end: str,
) -> None:
    mine, other = make_course("mine"), make_course("other")
    send(organiser, other, (papers / "three.pdf").read_bytes(), "a.pdf", kind="paper")
    recording_id = only().id
    with unit_of_work():
        grant(cast.stranger, Role.ORGANISER, f"programme:{mine.programme.id}")

    for person in (cast.stranger, cast.trainee, cast.auditor):
        client = sign_in(person)
        foreign = getattr(client, method)(f"/desk/recordings/{recording_id}{end}")
        missing = getattr(client, method)(f"/desk/recordings/{'0' * 26}{end}")
        assert foreign.status_code == missing.status_code == 404
        assert "第1回" not in foreign.get_data(as_text=True)
    assert only().stage == Stage.REVIEW


def test_a_limited_organiser_adds_to_their_own_programme_only(
    cast: Cast, sign_in: SignIn, make_course: Callable[[str], Course], papers: Path
) -> None:
    mine, other = make_course("mine"), make_course("other")
    with unit_of_work():
        grant(cast.stranger, Role.ORGANISER, f"programme:{mine.programme.id}")
    client = sign_in(cast.stranger)
    data = (papers / "three.pdf").read_bytes()

    assert send(client, other, data, "a.pdf", kind="paper")[0] == 404
    assert client.get(f"/desk/editions/{other.edition.id}/recordings").status_code == 404
    choices = client.get("/desk/recordings/new").get_data(as_text=True)
    assert mine.edition.id in choices
    assert other.edition.id not in choices
    assert send(client, mine, data, "a.pdf", kind="paper")[0] == 303


def test_who_is_not_signed_in_is_asked_to(client: FlaskClient, course: Course) -> None:
    assert client.get("/desk/recordings/new").status_code == 303
    assert client.get(f"/desk/editions/{course.edition.id}/recordings").status_code == 303


def test_the_pages_speak_both_languages(
    organiser: FlaskClient, course: Course, films: Path, papers: Path
) -> None:
    send(organiser, course, (films / "silent.mp4").read_bytes(), "a.mp4")
    send(organiser, course, (papers / "three.pdf").read_bytes(), "a.pdf", kind="paper")
    for language in ("ja", "en"):
        with organiser.session_transaction() as session:
            session["language"] = language
        for recording in db.session.scalars(select(Recording)):
            assert organiser.get(f"/desk/recordings/{recording.id}").status_code == 200
        page = organiser.get(f"/desk/recordings/new?edition={course.edition.id}")
        assert page.status_code == 200
        assert f'<html lang="{language}"' in page.get_data(as_text=True)
        assert organiser.get(f"/desk/editions/{course.edition.id}/recordings").status_code == 200
