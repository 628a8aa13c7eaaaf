"""Files for the backlog: sent together or from a folder, each on its own."""

import contextlib
import io
import subprocess
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pikepdf
import pytest
import time_machine
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from lms.infra.current import current_storage
from lms.infra.db import db, unit_of_work
from lms.infra.jobs.models import Job, JobState
from lms.infra.jobs.running import Claim, run_claim
from lms.kernel import clock
from lms.kernel.ids import new_id
from lms.recordings.models import Recording, Stage
from lms.recordings.operations.encoding import ffmpeg_path
from lms.rights.cli import rights
from lms.rights.jobs import JOBS
from lms.rights.models import ShelfFile, ShelfItem
from lms.rights.operations import shelving
from tests.conftest import NOW, Cast
from tests.rights.conftest import Course
from tests.rights.test_backlog import HEAD, answer, chosen, enter, holder, in_english, item

SignIn = Callable[[Any], FlaskClient]
NO_PDF = "This file is no PDF. Please save the handout as a PDF and choose that file."
FILES = "/desk/rights/backlog/files"
LIST = HEAD + (
    "資料一,資料,labour-economics,2026,,書手 一,,,one.pdf,,\n"
    "資料二,資料,labour-economics,2026,,書手 一,,,2019/two.pdf,,\n"
    "資料三,資料,labour-economics,2026,,書手 一,,,three.pdf,,\n"
    "講義,動画,labour-economics,2026,,書手 一,,,film.mp4,,\n"
)


@pytest.fixture(autouse=True)
def today() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def office(sign_in: SignIn, cast: Cast) -> FlaskClient:
    return sign_in(cast.organiser)


def pdf(pages: int) -> bytes:
    out = io.BytesIO()
    with pikepdf.new() as document:
        for _page in range(pages):
            document.add_blank_page()
        document.save(out)
    return out.getvalue()


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    subprocess.run(
        [ffmpeg_path(), "-hide_banner", "-nostdin", "-y", "-f", "lavfi", "-i",
         "testsrc=s=96x54:r=5:d=2", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt",
         "yuv420p", str(path)],
        check=True, capture_output=True,
    )  # fmt: skip
    return path.read_bytes()


def send(client: FlaskClient, files: Sequence[tuple[str, bytes]]) -> Any:
    data = {"files": [(io.BytesIO(content), name) for name, content in files]}
    sent = client.post(FILES, data=data, content_type="multipart/form-data")
    sent.request.environ["wsgi.input"].close()
    return sent


def work(attempts: int = 5) -> int:
    """Run the jobs of files that came in, as the worker does; return how many."""
    count = 0
    while True:
        with unit_of_work():
            job = db.session.scalars(
                select(Job).where(Job.kind == "shelve_file", Job.state == JobState.QUEUED).limit(1)
            ).first()
            if job is None:
                return count
            owner = new_id()
            job.state, job.owner, job.attempts = JobState.RUNNING, owner, 1
            job.lease_until = clock.now() + (lease := timedelta(minutes=1))
            claim = Claim(job.id, job.kind, job.payload, owner, 1, attempts)
        run_claim(claim, JOBS["shelve_file"], lease, Event())
        count += 1


def outcomes() -> dict[str, tuple[str, str]]:
    db.session.rollback()
    return {one.name: (one.state, one.error_code) for one in db.session.scalars(select(ShelfFile))}


def stored() -> list[str]:
    return sorted(current_storage().list("shelf"))


def test_where_the_store_gives_up_nothing_stays_of_what_was_sent(
    office: FlaskClient, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    del course
    enter(office, LIST)
    storage = current_storage()
    put = storage.put

    def full_at_the_second(key: str, source: Any) -> Any:
        if stored():
            raise OSError(28, "No space left on device")
        return put(key, source)

    monkeypatch.setattr(storage, "put", full_at_the_second)
    with contextlib.suppress(OSError):
        send(office, [("one.pdf", pdf(1)), ("two.pdf", pdf(1))])
    assert stored() == []
    assert outcomes() == {}


def test_files_are_found_by_name_and_a_bad_one_stops_no_other(
    office: FlaskClient, course: Course, film: bytes
) -> None:
    del course
    enter(office, LIST)
    sent = send(
        office,
        [
            ("ONE.pdf", pdf(3)),
            ("two.pdf", pdf(2)[:400]),
            ("film.mp4", pdf(5)),
            ("else.pdf", pdf(1)),
        ],
    )
    assert sent.status_code == 303
    assert work() == 3
    assert outcomes() == {
        "ONE.pdf": ("taken", ""),
        "two.pdf": ("failed", "pdf_broken"),
        "film.mp4": ("failed", "pdf_as_video"),
        "else.pdf": ("unmatched", "file_unexpected"),
    }
    one = item("資料一")
    assert (one.stage, one.pages, one.source_name) == (Stage.RECORDED, 3, "ONE.pdf")
    assert current_storage().exists(one.source_key)
    assert stored() == []
    in_english(office)
    page = office.get(FILES).text
    assert "No item of the backlog has this file name." in page
    assert "2019/two.pdf" in page
    assert "one.pdf</a>" not in page
    # Mended and sent again, with one that is here already and one that has its file.
    send(office, [("two.pdf", pdf(2)), ("three.pdf", pdf(3)), ("one.pdf", pdf(9)),
                  ("film.mp4", film)])  # fmt: skip
    work()
    found = {(one.name, one.state, one.error_code) for one in db.session.scalars(select(ShelfFile))}
    assert {("two.pdf", "taken", ""), ("film.mp4", "taken", "")} < found
    assert ("one.pdf", "unmatched", "item_has_file") in found
    assert item("資料一").pages == 3
    assert item("講義").stage == Stage.RECORDED
    jobs = db.session.scalars(select(Job.kind).where(Job.kind == "transcode")).all()
    assert jobs == []  # nothing is made of it before it is taken on


def test_the_same_file_is_taken_once(office: FlaskClient, course: Course) -> None:
    del course
    enter(office, LIST)
    same = pdf(4)
    send(office, [("one.pdf", same), ("three.pdf", same)])
    work()
    assert sorted(outcomes().values()) == [("failed", "file_known"), ("taken", "")]
    keys = [one.source_key for one in db.session.scalars(select(Recording)) if one.source_key]
    assert len([key for key in current_storage().list("recordings") if key in keys]) == 1
    assert stored() == []


def test_a_file_in_waiting_takes_its_item(office: FlaskClient, course: Course) -> None:
    del course
    enter(office, LIST)
    send(office, [("one.pdf", pdf(1))])
    send(office, [("one.pdf", pdf(2))])
    assert sorted(state for state, _code in outcomes().values()) == ["unmatched"]
    assert db.session.scalar(select(func.count()).select_from(ShelfFile)) == 2
    assert work() == 1
    assert item("資料一").pages == 1
    assert send(office, []).status_code == 422


def test_taken_on_with_its_file_it_is_worked_on(
    office: FlaskClient, course: Course, film: bytes
) -> None:
    del course
    enter(office, LIST)
    send(office, [("one.pdf", pdf(2)), ("film.mp4", film)])
    work()
    who, paper, lecture = holder("書手 一"), item("資料一"), item("講義")
    both = chosen((paper, "slides"), (lecture, "speaker"))
    answer(office, who, both, outcome="yes", signed_on="2026-10-01")
    office.post("/desk/rights/backlog/chosen", data={"item": both, "do": "take_on"})
    assert item("資料一").stage == Stage.REVIEW
    assert item("講義").stage == Stage.PROCESSING
    job = db.session.scalars(select(Job).where(Job.kind == "transcode")).one()
    assert job.payload == {"recording_id": lecture.id, "media_version": 1}
    assert db.session.get_one(ShelfItem, paper.id).taken_on_at == NOW


def test_a_file_whose_item_went_meanwhile_is_refused(office: FlaskClient, course: Course) -> None:
    del course
    enter(office, LIST)
    send(office, [("one.pdf", pdf(2))])
    with unit_of_work():
        db.session.get_one(Recording, item("資料一").id).stage = Stage.DELETED
    work()
    assert outcomes() == {"one.pdf": ("failed", "item_gone")}
    assert stored() == []


@pytest.fixture
def command(app: Flask) -> Callable[..., Any]:
    """Return a function that runs `lms rights shelve`."""

    def run(*arguments: str) -> Any:
        db.session.rollback()
        return CliRunner().invoke(rights, ["shelve", *arguments], obj=lambda: app)

    return run


def make_folder(folder: Path, film: bytes) -> Path:
    (folder / "2019").mkdir(parents=True)
    (folder / "one.pdf").write_bytes(pdf(1))
    (folder / "2019" / "two.pdf").write_bytes(pdf(2))
    (folder / "three.pdf").write_bytes(b"no paper")
    (folder / "film.mp4").write_bytes(film)
    (folder / "else.txt").write_bytes(b"?")
    (folder / ".hidden").write_bytes(b"?")
    (folder / ".trash" / "2018" / "old").mkdir(parents=True)
    (folder / ".trash" / "2018" / "old" / "one.pdf").write_bytes(pdf(1))
    return folder


def test_a_folder_of_the_server_is_taken_in(
    command: Callable[..., Any], course: Course, tmp_path: Path, film: bytes
) -> None:
    del course
    folder = make_folder(tmp_path / ".shelf", film)
    sheet = tmp_path / "list.csv"
    sheet.write_bytes((LIST + "誤り,巻物,,,,,,,,,\n").encode("cp932"))
    arguments = ("--folder", str(folder), "--sheet", str(sheet))
    dry = command(*arguments, "--dry-run")
    assert dry.exit_code == 1
    assert dry.output.splitlines() == [
        "line 6: Kind: “巻物” is not known here.",
        "line 6: Course: It names no course. Please say where such rows go.",
        "4 new, 0 here already, 1 left out.",
        "4 of 5 files would be taken.",
        "no item, or several, for: else.txt",
    ]
    assert db.session.scalar(select(func.count()).select_from(ShelfItem)) == 0
    done = command(*arguments)
    assert done.exit_code == 1
    assert done.output.splitlines()[2:] == [
        "4 new, 0 here already, 1 left out.",
        "1/5 2019/two.pdf",
        "2/5 not taken: else.txt: No item of the backlog has this file name.",
        "3/5 film.mp4",
        "4/5 one.pdf",
        f"5/5 not taken: three.pdf: {NO_PDF}",
        "no file for: three.pdf",
    ]
    assert item("資料二").pages == 2
    assert item("講義").source_name == "film.mp4"
    # Mended and run again it does what is left, and nothing twice.
    sheet.write_bytes(LIST.encode("cp932"))
    (folder / "three.pdf").write_bytes(pdf(3))
    (folder / "else.txt").unlink()
    again = command(*arguments)
    assert again.exit_code == 0, again.output
    assert again.output.splitlines()[0] == "0 new, 4 here already, 0 left out."
    assert item("資料三").pages == 3
    assert command(*arguments).exit_code == 0


def test_rows_without_a_course_go_where_the_command_says(
    command: Callable[..., Any], course: Course, tmp_path: Path
) -> None:
    sheet = tmp_path / "list.csv"
    sheet.write_text("題名,種類\n講義,動画\n", encoding="utf-8")
    assert command("--sheet", str(sheet), "--place", "no-such").exit_code == 2
    assert command("--sheet", str(sheet)).exit_code == 1
    done = command("--sheet", str(sheet), "--place", "labour-economics/2026")
    assert (done.exit_code, done.output) == (0, "1 new, 0 here already, 0 left out.\n")
    assert item("講義").edition_id == course.edition_id


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", "氏名\n山田\n".encode()])
def test_the_command_refuses_what_is_no_list(
    command: Callable[..., Any], course: Course, tmp_path: Path, content: bytes
) -> None:
    del course
    sheet = tmp_path / "list.csv"
    sheet.write_bytes(content)
    done = command("--sheet", str(sheet))
    assert done.exit_code == 2
    assert len(done.output.splitlines()) == 1
    assert command("--sheet", str(tmp_path / "none")).exit_code == 2
    assert command("--sheet", str(sheet), "--folder", str(tmp_path / "none")).exit_code == 2


def test_two_files_never_go_to_one_item(cast: Cast, office: FlaskClient, course: Course) -> None:
    del course
    enter(office, LIST)
    matches = shelving.match_names(cast.actor("organiser"), ["a/one.pdf", "b/one.pdf"])
    assert [(match.recording_id is None, match.fault) for match in matches] == [
        (False, ""), (True, "item_has_file"),
    ]  # fmt: skip


def test_a_file_that_cannot_be_judged_does_not_wait_for_ever(
    office: FlaskClient, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    del course
    enter(office, LIST)
    send(office, [("one.pdf", pdf(1))])
    with unit_of_work():
        job = db.session.scalars(select(Job).where(Job.kind == "shelve_file")).one()
        job.max_attempts = 1

    def broken(*_a: Any) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr("lms.rights.jobs.judge_incoming", broken)
    assert work(attempts=1) == 1
    assert outcomes() == {"one.pdf": ("failed", "file_unchecked")}
    assert stored() == []
    monkeypatch.undo()
    send(office, [("one.pdf", pdf(1))])
    assert work() == 1
    assert item("資料一").pages == 1


def test_a_file_sent_on_its_own_page_leaves_it_on_the_shelf(
    office: FlaskClient, course: Course
) -> None:
    enter(office, LIST)
    paper = item("資料一")
    pages = (
        f"/desk/recordings/{paper.id}",
        f"/desk/recordings/{paper.id}/rights",
        f"/desk/editions/{course.edition_id}/recordings",
    )
    for address in pages:
        assert office.get(address).status_code == 200, address
    data = {"file": (io.BytesIO(pdf(2)), "x.pdf")}
    sent = office.post(
        f"/desk/recordings/{paper.id}/file", data=data, content_type="multipart/form-data"
    )
    assert sent.status_code == 303
    kept = item("資料一")
    assert (kept.stage, kept.pages, kept.source_name) == (Stage.RECORDED, 2, "x.pdf")
    for address in pages:
        assert office.get(address).status_code == 200, address
