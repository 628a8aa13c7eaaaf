"""Writes of recordings: stages, versions, the worker's results."""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from lms.config import Settings
from lms.infra.current import current_storage
from lms.infra.db import db, unit_of_work
from lms.infra.jobs.models import Job, JobState
from lms.infra.jobs.running import LEASE, Claim, claim_job, run_claim
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.recordings.errors import MediaFault, MediaFaultError, RecordingRefusedError
from lms.recordings.jobs import JOBS
from lms.recordings.models import Caption, MediaKind, Recording, Rendition, Stage
from lms.recordings.operations import (
    Details,
    Received,
    add_recording,
    attach_file,
    change_details,
    delete_recording,
    import_file,
    next_target,
    put_captions,
    receive,
    retry_processing,
)
from lms.recordings.queries import (
    find_processing,
    find_recording,
    find_rendition,
    get_recording,
    list_captions,
    list_cues,
    list_recordings,
    list_renditions,
    list_versions,
)
from lms.sessions.models import LiveSession
from tests.conftest import NOW, Cast
from tests.recordings.conftest import Course

TITLE = {"ja": "第1回"}


@pytest.fixture
def film(cast: Cast, course: Course, films: Path) -> Recording:
    """A film that came in and waits for the worker."""
    return add(cast, course, films / "short.mp4")


def add(cast: Cast, course: Course, path: Path, kind: MediaKind = MediaKind.VIDEO) -> Recording:
    actor = cast.actor("organiser")
    with unit_of_work():
        row = add_recording(actor, course.edition.id, kind, Details(TITLE), NOW)
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


def files(settings: Settings) -> list[str]:
    return sorted(
        p.relative_to(settings.media_dir).as_posix()
        for p in settings.media_dir.rglob("*")
        if p.is_file()
    )


def test_the_worker_makes_a_film_ready_for_review(film: Recording, settings: Settings) -> None:
    assert (film.stage, film.duration_ms) == (Stage.PROCESSING, None)

    assert work() == 1

    row = get_recording(film.id)
    assert (row.stage, row.duration_ms, row.error_code) == (Stage.REVIEW, 4000, "")
    rendition = find_rendition(row)
    assert rendition is not None
    assert rendition.segments == [["00000.ts", 4000, 0]]
    assert (rendition.name, rendition.width, rendition.height) == ("90p", 160, 90)
    assert rendition.bandwidth > 1000
    sound = list_renditions(row)[1]
    assert (sound.name, sound.role, sound.height) == ("audio", "audio", 0)
    segments = [f"{rendition.folder}/00000.ts", f"{sound.folder}/00000.ts"]
    assert files(settings) == sorted([row.source_key, row.poster_key, *segments])
    assert rendition.folder == row.poster_key.removesuffix("poster.jpg") + "90p"


def test_running_the_job_twice_does_no_harm(film: Recording, settings: Settings) -> None:
    work()
    before = files(settings)
    with unit_of_work():
        job = db.session.get_one(Job, film.job_id)
        job.state, job.owner, job.lease_until = JobState.QUEUED, None, None

    assert work() == 1

    assert files(settings) == before
    assert len(db.session.scalars(select(Rendition)).all()) == 2


def test_a_film_that_breaks_off_fails_with_its_reason_and_can_be_replaced(
    cast: Cast, course: Course, films: Path, settings: Settings
) -> None:
    row = add(cast, course, films / "cut.mp4")

    work()

    row = get_recording(row.id)
    assert (row.stage, row.error_code) == (Stage.FAILED, MediaFault.CUT_OFF)
    assert files(settings) == [row.source_key]
    with unit_of_work():
        import_file(cast.actor("organiser"), current_storage(), row.id, films / "silent.mp4", NOW)
    work()
    row = get_recording(row.id)
    assert (row.stage, row.media_version, row.error_code) == (Stage.REVIEW, 2, "")
    assert all(name.startswith(f"recordings/{row.id}/v2") for name in files(settings))


def test_a_file_replaced_while_the_worker_is_busy_is_not_overtaken(
    cast: Cast, film: Recording, films: Path, settings: Settings
) -> None:
    claim = claim_job(["transcode"], "w", NOW + timedelta(days=3650), LEASE)
    assert claim is not None
    actor, storage = cast.actor("organiser"), current_storage()

    def replaced_meanwhile(context: object, payload: dict[str, object]) -> None:
        phase = context.phase  # type: ignore[attr-defined] # the worker's own context

        def replace(permille: int) -> None:
            phase(permille)
            if permille == 850 and get_recording(film.id).media_version == 1:
                with unit_of_work():
                    import_file(actor, storage, film.id, films / "silent.mp4", NOW)

        context.phase = replace  # type: ignore[attr-defined] # the moment between two phases
        JOBS["transcode"](context, payload)  # type: ignore[arg-type] # as above

    run_claim(claim, replaced_meanwhile, LEASE, threading.Event())
    db.session.expire_all()

    assert db.session.scalars(select(Rendition)).all() == []
    assert get_recording(film.id).stage == Stage.PROCESSING
    work()
    row = get_recording(film.id)
    rendition = find_rendition(row)
    assert rendition is not None
    assert (row.stage, rendition.media_version, row.duration_ms) == (Stage.REVIEW, 2, 3000)
    assert all(name.startswith(f"recordings/{row.id}/v2") for name in files(settings))


def test_a_worker_that_lost_its_lease_publishes_nothing(
    film: Recording, settings: Settings
) -> None:
    claim = claim_job(["transcode"], "w", NOW + timedelta(days=3650), LEASE)
    assert claim is not None
    stolen = Claim(
        claim.job_id, claim.kind, claim.payload, "somebody else", claim.attempt, claim.max_attempts
    )

    run_claim(stolen, JOBS["transcode"], LEASE, threading.Event())
    db.session.expire_all()

    assert get_recording(film.id).stage == Stage.PROCESSING
    assert db.session.scalars(select(Rendition)).all() == []
    assert files(settings) == [film.source_key]
    run_claim(claim, JOBS["transcode"], LEASE, threading.Event())
    db.session.expire_all()
    assert get_recording(film.id).stage == Stage.REVIEW


def test_processing_that_was_given_up_can_be_tried_again(cast: Cast, film: Recording) -> None:
    actor = cast.actor("organiser")
    with pytest.raises(RecordingRefusedError), unit_of_work():
        retry_processing(actor, film.id, NOW)
    with unit_of_work():
        db.session.get_one(Job, film.job_id).state = JobState.FAILED
    processing = find_processing(get_recording(film.id))
    assert processing is not None
    assert processing.given_up

    with unit_of_work():
        retry_processing(actor, film.id, NOW)
    work()

    assert get_recording(film.id).stage == Stage.REVIEW


def test_a_deleted_recording_keeps_its_row_and_loses_its_files(
    cast: Cast, film: Recording, settings: Settings
) -> None:
    work()
    actor = cast.actor("organiser")
    with unit_of_work():
        put_captions(actor, film.id, "ja", b"WEBVTT\n\n00:01.000 --> 00:02.000\nx\n", NOW)
        delete_recording(actor, film.id, NOW)

    work()

    row = find_recording(film.id)
    assert row is not None
    assert (row.stage, row.source_key, row.poster_key) == (Stage.DELETED, "", "")
    assert row.source_sha256 is not None
    assert files(settings) == []
    assert db.session.scalars(select(Rendition)).all() == []
    assert db.session.scalars(select(Caption)).all() == []
    assert list_recordings(row.edition_id) == []
    with pytest.raises(NotFoundError):
        get_recording(film.id)
    with pytest.raises(NotFoundError), unit_of_work():
        change_details(actor, film.id, Details(TITLE), NOW)


def test_captions_are_held_to_the_length_and_become_drafts_with_a_new_film(
    cast: Cast, film: Recording, films: Path
) -> None:
    work()
    actor = cast.actor("organiser")
    with pytest.raises(InvalidInputError) as caught, unit_of_work():
        put_captions(actor, film.id, "ja", b"WEBVTT\n\n00:04.000 --> 00:05.000\nx\n", NOW)
    assert (caught.value.field, caught.value.code) == ("captions", "captions_outside")
    with pytest.raises(InvalidInputError) as caught, unit_of_work():
        put_captions(actor, film.id, "ja", b"x" * 2_000_001, NOW)
    assert caught.value.code == "captions_too_large"
    with unit_of_work():
        put_captions(actor, film.id, "ja", b"WEBVTT\n\n00:01.000 --> 00:02.000\nx\n", NOW)
        db.session.scalars(select(Caption)).one().status = "reviewed"
    assert len(list_captions(film.id, reviewed_only=True)) == 1

    with unit_of_work():
        import_file(actor, current_storage(), film.id, films / "silent.mp4", NOW)

    assert list_captions(film.id, reviewed_only=True) == []
    (caption,) = list_captions(film.id)
    assert [cue.text for cue in list_cues(caption)] == ["x"]


def test_handouts_take_no_captions_and_no_films(
    cast: Cast, course: Course, papers: Path, films: Path, settings: Settings
) -> None:
    row = add(cast, course, papers / "three.pdf", MediaKind.PAPER)
    actor = cast.actor("organiser")
    with pytest.raises(RecordingRefusedError), unit_of_work():
        put_captions(actor, row.id, "ja", b"WEBVTT\n\n00:01.000 --> 00:02.000\nx\n", NOW)
    with pytest.raises(MediaFaultError), unit_of_work():
        import_file(actor, current_storage(), row.id, films / "short.mp4", NOW)

    assert (row.stage, row.pages, row.media_version) == (Stage.REVIEW, 3, 1)
    assert files(settings) == [row.source_key]


def test_a_recording_belongs_to_parts_and_sessions_of_its_edition_only(
    cast: Cast, course: Course, make_course: Callable[[str], Course], papers: Path
) -> None:
    other = make_course("other")
    with unit_of_work():
        meeting = LiveSession(
            edition_id=course.edition.id, part_id=course.parts[1].id, title=TITLE,
            starts_local=NOW.replace(tzinfo=None), starts_at=NOW, created_at=NOW,
            ends_local=NOW.replace(tzinfo=None) + timedelta(hours=1),
            ends_at=NOW + timedelta(hours=1), venue_name={}, venue_address={}, venue_access={},
        )  # fmt: skip
        db.session.add(meeting)
    row = add(cast, course, papers / "three.pdf", MediaKind.PAPER)
    actor = cast.actor("organiser")

    with unit_of_work():
        change_details(actor, row.id, Details(TITLE, live_session_id=meeting.id), NOW)
    assert get_recording(row.id).part_id == course.parts[1].id
    for wrong in (
        Details(TITLE, part_id=other.parts[0].id),
        Details(TITLE, part_id="none"),
        Details(TITLE, live_session_id="none"),
    ):
        with pytest.raises(InvalidInputError) as caught, unit_of_work():
            change_details(actor, row.id, wrong, NOW)
        assert caught.value.field == "place"
    found = list_recordings(course.edition.id, part_id=course.parts[1].id)
    assert [r.id for r in found] == [row.id]
    assert list_recordings(course.edition.id, part_id=course.parts[0].id) == []


def test_only_its_organisers_write(cast: Cast, film: Recording, films: Path) -> None:
    for name in ("trainee", "auditor", "speaker", "coordinator"):
        actor = cast.actor(name)
        with pytest.raises(NotFoundError), unit_of_work():
            delete_recording(actor, film.id, NOW)
        with pytest.raises(NotFoundError), unit_of_work():
            add_recording(actor, film.edition_id, MediaKind.VIDEO, Details(TITLE), NOW)
        with pytest.raises(NotFoundError), unit_of_work():
            import_file(actor, current_storage(), film.id, films / "short.mp4", NOW)
    assert get_recording(film.id).media_version == 1


def test_two_replacements_at_once_leave_the_later_files_alone(
    cast: Cast, course: Course, papers: Path, settings: Settings
) -> None:
    row = add(cast, course, papers / "three.pdf", MediaKind.PAPER)
    actor, storage = cast.actor("organiser"), current_storage()
    received = []
    for _time in range(2):  # both came in while the first version stood
        with (papers / "three.pdf").open("rb") as stream:
            received.append(receive(storage, next_target(row), stream, "b.pdf"))
    for one in received:
        with unit_of_work():
            attach_file(actor, row.id, one, NOW)

    work()
    work()

    found = get_recording(row.id)
    assert found.media_version == 3
    assert files(settings) == [found.source_key]


def test_a_file_of_more_than_two_gigabytes_is_written_down(cast: Cast, film: Recording) -> None:
    large = Received(
        MediaKind.VIDEO, f"recordings/{film.id}/v2-x/source", "a.mp4", 10**10, "0" * 64
    )
    with unit_of_work():
        attach_file(cast.actor("organiser"), film.id, large, NOW)
    db.session.expire_all()
    assert get_recording(film.id).source_size == 10**10
    assert list_versions(film.id)[0].size == 10**10
