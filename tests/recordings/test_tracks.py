"""Other languages' sound beside a recording: sent, made, moved, replaced, deleted."""

import io
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from lms.config import Settings
from lms.infra.audit.models import AuditEntry
from lms.infra.current import current_storage
from lms.infra.db import db, unit_of_work
from lms.infra.jobs.running import LEASE, claim_job, run_claim
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.people.models import Person
from lms.recordings.errors import MediaFault, MediaFaultError, RecordingRefusedError
from lms.recordings.jobs import JOBS
from lms.recordings.models import AudioTrack, MediaKind, Recording, Rendition, Stage
from lms.recordings.operations import (
    Details,
    add_recording,
    add_track,
    change_track,
    delete_recording,
    delete_track,
    discard,
    import_file,
    receive,
    track_target,
)
from lms.recordings.queries import get_recording, list_renditions, list_tracks
from lms.recordings.rules import read_shift, write_shift
from tests.conftest import NOW, Cast
from tests.recordings.conftest import Course, run_ffmpeg, sound

SignIn = Callable[[Person], FlaskClient]


@pytest.fixture(scope="session")
def booth(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds of an interpreter's channel."""
    path = tmp_path_factory.mktemp("booth") / "booth.mp3"
    run_ffmpeg(*sound(3), str(path))
    return path


@pytest.fixture
def film(cast: Cast, course: Course, films: Path) -> Recording:
    """A film of four seconds that waits for the worker."""
    return add_film(cast, course, films / "short.mp4")


def add_film(
    cast: Cast, course: Course, path: Path, kind: MediaKind = MediaKind.VIDEO
) -> Recording:
    actor = cast.actor("organiser")
    with unit_of_work():
        row = add_recording(actor, course.edition.id, kind, Details({"ja": "第1回"}), NOW)
        import_file(actor, current_storage(), row.id, path, NOW)
    return row


def work() -> int:
    """Run every job that is due, as the worker does; return how many ran."""
    count = 0
    at = NOW + timedelta(days=3650)  # the ledger stamps jobs with the real clock
    while (claim := claim_job(list(JOBS), "w", at, LEASE)) is not None:
        run_claim(claim, JOBS[claim.kind], LEASE, threading.Event())
        count += 1
    db.session.expire_all()
    return count


def send(
    cast: Cast, film: Recording, path: Path, language: str = "en", shift_ms: int = 0
) -> AudioTrack:
    with path.open("rb") as stream:
        received = receive(current_storage(), track_target(film), stream, path.name)
    with unit_of_work():
        return add_track(
            cast.actor("organiser"), film.id, received, language, NOW, shift_ms=shift_ms
        )


def files(settings: Settings, film: Recording) -> set[str]:
    root = settings.media_dir / "recordings" / film.id
    return {p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()}


def test_a_track_becomes_a_rendition_cut_like_its_film(
    cast: Cast, film: Recording, booth: Path
) -> None:
    work()
    row = send(cast, film, booth, "zh_hant", 500)
    assert (row.language, row.state, row.shift_ms) == ("zh-Hant", "waiting", 500)

    assert work() == 1

    (track,) = list_tracks(film.id, 1)
    assert (track.state, track.error_code, track.source_name) == ("ready", "", "booth.mp3")
    renditions = list_renditions(get_recording(film.id))
    assert [(r.name, r.role, r.language) for r in renditions] == [
        ("90p", "video", ""),
        ("audio", "audio", ""),
        ("a-zh-Hant", "audio", "zh-Hant"),
    ]
    lengths = [[length for _name, length, _key in r.segments] for r in renditions]
    assert lengths[0] == [4000]
    assert lengths[2] == pytest.approx([4000], abs=80)
    assert get_recording(film.id).stage == Stage.REVIEW


def test_a_track_sent_before_its_film_is_ready_waits_for_it(
    cast: Cast, film: Recording, booth: Path
) -> None:
    row = send(cast, film, booth)
    assert row.job_id is None

    assert work() == 2  # the film, then the track

    assert [t.state for t in list_tracks(film.id, 1)] == ["ready"]


def test_a_film_without_sound_may_get_another_language(
    cast: Cast, course: Course, films: Path, booth: Path
) -> None:
    film = add_film(cast, course, films / "silent.mp4")
    work()
    assert [r.name for r in list_renditions(get_recording(film.id))] == ["90p"]

    send(cast, film, booth)
    work()

    assert [r.name for r in list_renditions(get_recording(film.id))] == ["90p", "a-en"]


def test_recordings_of_sound_have_tracks_too(
    cast: Cast, course: Course, films: Path, booth: Path
) -> None:
    film = add_film(cast, course, films / "sound.m4a", MediaKind.AUDIO)
    work()
    send(cast, film, booth)
    work()

    renditions = list_renditions(get_recording(film.id))
    assert [r.name for r in renditions] == ["audio", "a-en"]
    assert get_recording(film.id).stage == Stage.REVIEW


def test_a_language_sent_again_takes_the_place_of_the_old_and_leaves_nothing(
    cast: Cast, film: Recording, booth: Path, settings: Settings
) -> None:
    work()
    before = files(settings, film)
    send(cast, film, booth)
    work()
    first = files(settings, film) - before
    old = db.session.scalars(select(Rendition).where(Rendition.language == "en")).one().id

    send(cast, film, booth)
    # What is heard now stays until the new one is ready.
    assert db.session.scalars(select(Rendition).where(Rendition.language == "en")).one().id == old
    work()

    assert db.session.scalar(select(func.count()).select_from(AudioTrack)) == 1
    now = files(settings, film) - before
    assert len(now) == len(first) == 2  # a source and one segment
    assert not now & first
    assert db.session.scalars(select(Rendition).where(Rendition.language == "en")).one().id != old


def test_a_track_is_moved(cast: Cast, film: Recording, booth: Path, settings: Settings) -> None:
    work()
    row = send(cast, film, booth)
    work()
    before = files(settings, film)

    with unit_of_work():
        change_track(cast.actor("organiser"), row.id, -1500, NOW)
    assert work() == 2  # made anew, the old one removed

    (track,) = list_tracks(film.id, 1)
    assert (track.shift_ms, track.state) == (-1500, "ready")
    assert len(files(settings, film)) == len(before)


def test_a_deleted_track_is_gone_at_once_and_its_files_soon(
    cast: Cast, film: Recording, booth: Path, settings: Settings
) -> None:
    work()
    before = files(settings, film)
    row = send(cast, film, booth)
    work()

    with unit_of_work():
        delete_track(cast.actor("organiser"), row.id, NOW)
    assert [r.name for r in list_renditions(get_recording(film.id))] == ["90p", "audio"]
    work()

    assert files(settings, film) == before
    actions = db.session.scalars(
        select(AuditEntry.action).where(AuditEntry.action.like("track.%"))
    ).all()
    assert sorted(actions) == ["track.added", "track.deleted", "track.processed"]


def test_a_track_deleted_while_it_is_made_is_not_published(
    cast: Cast, film: Recording, booth: Path, settings: Settings
) -> None:
    work()
    before = files(settings, film)
    row = send(cast, film, booth)
    claim = claim_job(["make_track"], "w", NOW + timedelta(days=3650), LEASE)
    assert claim is not None
    with unit_of_work():
        delete_track(cast.actor("organiser"), row.id, NOW)
    run_claim(claim, JOBS["make_track"], LEASE, threading.Event())
    work()

    assert [r.name for r in list_renditions(get_recording(film.id))] == ["90p", "audio"]
    assert files(settings, film) == before


def test_what_a_killed_worker_left_of_a_track_is_removed(
    cast: Cast, film: Recording, booth: Path, settings: Settings
) -> None:
    work()
    row = send(cast, film, booth)
    storage = current_storage()
    left = f"recordings/{film.id}/v1/t-{row.id}-dead/a-en/00000.ts"
    other = f"recordings/{film.id}/v1/t-another-busy/a-ms/00000.ts"
    for key in (left, other):
        storage.put(key, io.BytesIO(b"x"))

    work()

    assert not storage.exists(left)
    assert storage.exists(other)  # of a job of its own
    assert len([f for f in files(settings, film) if "/a-en/" in f]) == 1


def test_a_track_that_would_not_be_heard_says_so_and_can_be_corrected(
    cast: Cast, film: Recording, booth: Path
) -> None:
    work()
    row = send(cast, film, booth, shift_ms=60_000)
    work()
    (track,) = list_tracks(film.id, 1)
    assert (track.state, track.error_code) == ("failed", MediaFault.TRACK_OUTSIDE)

    with unit_of_work():
        change_track(cast.actor("organiser"), row.id, 0, NOW)
    work()

    (track,) = list_tracks(film.id, 1)
    assert (track.state, track.error_code) == ("ready", "")


def test_tracks_go_with_the_film_they_belong_to(
    cast: Cast, film: Recording, booth: Path, films: Path, settings: Settings
) -> None:
    work()
    send(cast, film, booth)
    work()
    with unit_of_work():
        import_file(cast.actor("organiser"), current_storage(), film.id, films / "silent.mp4", NOW)
    work()

    assert list_tracks(film.id, 1) == []
    assert [r.name for r in list_renditions(get_recording(film.id))] == ["90p"]
    assert not [name for name in files(settings, film) if name.startswith(("v1/", "v1-"))]

    with unit_of_work():
        delete_recording(cast.actor("organiser"), film.id, NOW)
    work()
    assert files(settings, film) == set()


def test_a_track_for_a_film_that_was_replaced_meanwhile_is_refused(
    cast: Cast, film: Recording, booth: Path, films: Path
) -> None:
    work()
    with booth.open("rb") as stream:
        received = receive(current_storage(), track_target(film), stream, "booth.mp3")
    with unit_of_work():
        import_file(cast.actor("organiser"), current_storage(), film.id, films / "silent.mp4", NOW)

    with pytest.raises(InvalidInputError) as caught, unit_of_work():
        add_track(cast.actor("organiser"), film.id, received, "en", NOW)

    assert (caught.value.field, caught.value.code) == ("file", "track_of_old_version")
    discard(current_storage(), received)


@pytest.mark.parametrize(
    ("language", "code"),
    [("english", "language_unknown"), ("JA", "track_in_own_language"), ("", "language_unknown")],
)
def test_a_language_must_be_another_and_a_real_tag(
    cast: Cast, film: Recording, booth: Path, language: str, code: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        send(cast, film, booth, language)

    assert (caught.value.field, caught.value.code) == ("language", code)


def test_a_film_without_sound_is_no_track(cast: Cast, film: Recording, films: Path) -> None:
    with pytest.raises(MediaFaultError) as caught:
        send(cast, film, films / "silent.mp4")

    assert caught.value.fault is MediaFault.NO_SOUND
    storage = current_storage()
    assert list(storage.list(f"recordings/{film.id}")) == [film.source_key]


def test_papers_have_no_sound(cast: Cast, course: Course, papers: Path, booth: Path) -> None:
    paper = add_film(cast, course, papers / "three.pdf", MediaKind.PAPER)

    with pytest.raises(RecordingRefusedError):
        send(cast, paper, booth)


@pytest.mark.parametrize("name", ["trainee", "coordinator", "speaker", "stranger"])
def test_only_its_organisers_may(cast: Cast, film: Recording, booth: Path, name: str) -> None:
    work()
    row = send(cast, film, booth)

    with pytest.raises(NotFoundError), unit_of_work():
        change_track(cast.actor(name), row.id, 5, NOW)
    with pytest.raises(NotFoundError), unit_of_work():
        delete_track(cast.actor(name), row.id, NOW)


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("", 0), ("0", 0), ("2.5", 2500), ("-3", -3000), ("＋１．２５", 1250), ("−0.5", -500),
        ("1:10", 70_000), ("-1:10", -70_000), ("x", None), ("-", None), ("1e3", None),
    ],
)  # fmt: skip
def test_shifts_are_read(text: str, ms: int | None) -> None:
    assert read_shift(text) == ms
    if ms is not None:
        assert read_shift(write_shift(ms)) == ms


# The pages.


def in_english(client: FlaskClient) -> FlaskClient:
    with client.session_transaction() as session:
        session["language"] = "en"
    return client


def post(client: FlaskClient, film: Recording, path: Path | None, **fields: str) -> TestResponse:
    data: dict[str, object] = {"track_language": "en", "shift": "0", **fields}
    if path is not None:
        data["file"] = (io.BytesIO(path.read_bytes()), path.name)
    return client.post(
        f"/desk/recordings/{film.id}/sound", data=data, content_type="multipart/form-data"
    )


def test_an_organiser_sends_moves_and_deletes_a_language(
    sign_in: SignIn, cast: Cast, film: Recording, booth: Path
) -> None:
    work()
    client = in_english(sign_in(cast.organiser))

    answer = post(client, film, booth, shift="1.5")
    assert (answer.status_code, answer.location) == (303, f"/desk/recordings/{film.id}/sound")
    (track,) = list_tracks(film.id, 1)
    assert track.shift_ms == 1500
    page = client.get(f"/desk/recordings/{film.id}/sound").text
    assert "Being processed" in page
    work()
    page = client.get(f"/desk/recordings/{film.id}/sound").text
    assert "booth.mp3" in page
    assert "Being processed" not in page

    address = f"/desk/recordings/{film.id}/sound/{track.id}"
    assert client.post(f"{address}/shift", data={"shift": "-2"}).status_code == 303
    db.session.expire_all()
    assert list_tracks(film.id, 1)[0].shift_ms == -2000
    refused = client.post(f"{address}/shift", data={"shift": "later"})
    assert refused.status_code == 422
    assert "Please write seconds" in refused.text
    assert client.post(f"{address}/delete").status_code == 303
    assert list_tracks(film.id, 1) == []


@pytest.mark.parametrize(
    ("name", "fields", "sentence"),
    [
        (None, {}, "There is no file"),
        ("sound.m4a", {"other_language": "english"}, "no language tag"),
        ("sound.m4a", {"track_language": "ja"}, "own sound is in this language"),
        ("sound.m4a", {"shift": "soon"}, "Please write seconds"),
        ("silent.mp4", {}, "This file has no sound"),
        ("headless.mp4", {}, "damaged"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_stored(  # noqa: PLR0917 - fixtures and a case
    sign_in: SignIn, cast: Cast, film: Recording, films: Path, name: str | None,
    fields: dict[str, str], sentence: str,
) -> None:  # fmt: skip
    client = in_english(sign_in(cast.organiser))
    storage = current_storage()
    before = list(storage.list(f"recordings/{film.id}"))

    answer = post(client, film, films / name if name else None, **fields)

    assert answer.status_code == 422
    assert sentence in answer.text
    assert list_tracks(film.id, 1) == []
    assert list(storage.list(f"recordings/{film.id}")) == before


@pytest.mark.parametrize("name", ["trainee", "coordinator", "stranger"])
def test_others_learn_nothing_of_it(
    sign_in: SignIn, cast: Cast, film: Recording, booth: Path, name: str
) -> None:
    work()
    row = send(cast, film, booth)
    client = sign_in(getattr(cast, name))
    address = f"/desk/recordings/{film.id}/sound"

    missing = client.get("/desk/recordings/nothing/sound").status_code
    assert client.get(address).status_code == missing
    assert client.post(f"{address}/{row.id}/delete").status_code in {403, 404}
    assert len(list_tracks(film.id, 1)) == 1
