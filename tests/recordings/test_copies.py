"""Copies to take away leave out exactly what is cut, and nothing else."""

import hashlib
import io
import subprocess
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from lms.infra.audit.models import AuditEntry
from lms.infra.current import current_storage
from lms.infra.db import db, unit_of_work
from lms.infra.jobs.running import LEASE, claim_job, run_claim
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.people.models import Person
from lms.recordings.errors import RecordingRefusedError
from lms.recordings.jobs import JOBS
from lms.recordings.models import MediaCopy, MediaKind, Recording
from lms.recordings.operations import (
    Details,
    add_recording,
    delete_recording,
    drop_copy,
    import_file,
    request_copy,
)
from lms.recordings.operations.encoding import ffmpeg_path, probe
from lms.recordings.queries import find_copy, get_recording
from lms.recordings.rules import (
    kept_ranges,
    merge_cuts,
    read_moment,
    read_pages,
    read_range,
    write_moment,
)
from tests.conftest import NOW, Cast
from tests.recordings.conftest import ENCODE, Course, loud_parts, run_ffmpeg

SignIn = Callable[[Person], FlaskClient]
COLOURS = (("red", 3), ("lime", 2), ("blue", 3))


@pytest.fixture(scope="session")
def flag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight seconds: red and silent to 3 s, green with a tone to 5 s, then blue and silent."""
    path = tmp_path_factory.mktemp("flag") / "flag.mp4"
    inputs: list[str] = []
    for colour, seconds in COLOURS:
        inputs += ["-f", "lavfi", "-i", f"color={colour}:s=96x54:r=10:d={seconds}"]
    tone = "aevalsrc='0.5*sin(2*PI*440*t)*between(t,3.04,4.96)':d=8"  # codecs smear a little
    inputs += ["-f", "lavfi", "-i", tone]
    graph = "[0][1][2]concat=n=3[v]"
    run_ffmpeg(*inputs, "-filter_complex", graph, "-map", "[v]", "-map", "3:a", *ENCODE, str(path))
    return path


def colours(path: Path) -> str:
    """Return the colour of every frame of a film: r, g or b."""
    done = subprocess.run(
        [ffmpeg_path(), "-v", "error", "-nostdin", "-i", str(path), "-an", "-fps_mode",
         "passthrough", "-vf", "scale=1:1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
        check=True, capture_output=True,
    )  # fmt: skip
    pixels = [done.stdout[at : at + 3] for at in range(0, len(done.stdout), 3)]
    return "".join("rgb"[max(range(3), key=lambda place: pixel[place])] for pixel in pixels)


def add(cast: Cast, course: Course, path: Path, kind: MediaKind = MediaKind.VIDEO) -> Recording:
    actor = cast.actor("organiser")
    with unit_of_work():
        row = add_recording(actor, course.edition.id, kind, Details({"ja": "第1回"}), NOW)
        import_file(actor, current_storage(), row.id, path, NOW)
    work()
    return get_recording(row.id)


def work() -> int:
    """Run every job that is due, as the worker does; return how many ran."""
    count = 0
    at = NOW + timedelta(days=3650)  # the ledger stamps jobs with the real clock
    while (claim := claim_job(list(JOBS), "w", at, LEASE)) is not None:
        run_claim(claim, JOBS[claim.kind], LEASE, threading.Event())
        count += 1
    db.session.expire_all()
    return count


def ask(cast: Cast, recording: Recording, cuts: Sequence[Sequence[int]]) -> MediaCopy:
    with unit_of_work():
        return request_copy(cast.actor("organiser"), recording.id, cuts, NOW)


def made(cast: Cast, recording: Recording, cuts: Sequence[Sequence[int]]) -> tuple[MediaCopy, Path]:
    ask(cast, recording, cuts)
    work()
    copy = find_copy(get_recording(recording.id))
    assert copy is not None
    assert copy.state == "ready"
    with current_storage().as_local(copy.key) as path:
        return copy, path


def test_what_is_cut_is_not_in_the_copy_to_the_frame(
    cast: Cast, course: Course, flag: Path
) -> None:
    film = add(cast, course, flag)

    copy, path = made(cast, film, [[3000, 5000]])

    assert colours(path) == "r" * 30 + "b" * 30
    assert loud_parts(path) == []
    facts = probe(path)
    assert facts is not None
    assert facts.duration_ms == pytest.approx(6000, abs=60)
    assert facts.has_audio
    assert copy.cuts == [[3000, 5000]]
    assert (copy.size, copy.sha256) == (
        path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest()
    )  # fmt: skip
    head = path.read_bytes()
    assert head.index(b"moov") < head.index(b"mdat")  # plays while it is still coming in


@pytest.mark.parametrize(
    ("cuts", "frames", "loud"),
    [
        ([[0, 3000]], "g" * 20 + "b" * 30, [(0.0, 2.0)]),
        ([[5000, 8000]], "r" * 30 + "g" * 20, [(3.0, 5.0)]),
        ([[4000, 4500], [0, 2900]], "r" + "g" * 15 + "b" * 30, [(0.1, 1.6)]),
        ([[500, 2500], [2500, 3000], [5500, 7500]], "r" * 5 + "g" * 20 + "b" * 10, [(0.5, 2.5)]),
    ],
)
def test_picture_and_sound_are_cut_alike(  # noqa: PLR0917 - fixtures and a case
    cast: Cast,
    course: Course,
    flag: Path,
    cuts: list[list[int]],
    frames: str,
    loud: list[tuple[float, float]],
) -> None:
    film = add(cast, course, flag)

    _copy, path = made(cast, film, cuts)

    assert colours(path) == frames
    assert len(loud_parts(path)) == len(loud)
    assert loud_parts(path)[0] == pytest.approx(loud[0], abs=0.12)


def test_without_cuts_the_whole_is_copied_as_it_is(cast: Cast, course: Course, flag: Path) -> None:
    film = add(cast, course, flag)

    copy, path = made(cast, film, [])

    assert colours(path) == "r" * 30 + "g" * 20 + "b" * 30
    assert loud_parts(path)[0] == pytest.approx((3.0, 5.0), abs=0.12)
    assert copy.cuts == []


def test_of_a_recording_of_sound_the_sound_is_cut(cast: Cast, course: Course, flag: Path) -> None:
    film = add(cast, course, flag, MediaKind.AUDIO)

    copy, path = made(cast, film, [[4000, 6000]])

    assert copy.key.endswith(".m4a")
    assert loud_parts(path)[0] == pytest.approx((3.0, 4.0), abs=0.12)
    facts = probe(path)
    assert facts is not None
    assert facts.video is None
    assert facts.duration_ms == pytest.approx(6000, abs=100)


def test_a_film_without_sound_is_cut_too(cast: Cast, course: Course, films: Path) -> None:
    film = add(cast, course, films / "silent.mp4")

    _copy, path = made(cast, film, [[1000, 2000]])

    facts = probe(path)
    assert facts is not None
    assert facts.duration_ms == pytest.approx(2000, abs=60)
    assert not facts.has_audio


# Papers.


@pytest.fixture(scope="session")
def deck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four pages with words, an outline, and a link from the first page to the third."""
    path = tmp_path_factory.mktemp("deck") / "deck.pdf"
    with pikepdf.new() as pdf:
        font = pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
        )
        for word in ("alpha", "bravo", "secret", "delta"):
            page = pdf.add_blank_page(page_size=(300, 200))
            page.Contents = pdf.make_stream(f"BT /F 20 Tf 20 100 Td ({word}) Tj ET".encode())
            page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=font))
        third = pdf.pages[2].obj
        pdf.pages[0].Annots = pdf.make_indirect(
            pikepdf.Array([
                pikepdf.Dictionary(
                    Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 50, 50],
                    Dest=pikepdf.Array([third, pikepdf.Name.Fit]),
                )
            ])
        )  # fmt: skip
        with pdf.open_outline() as outline:
            outline.root.append(pikepdf.OutlineItem("the secret page", 2))
        pdf.save(path)
    return path


def words(path: Path) -> list[str]:
    document = pypdfium2.PdfDocument(path)
    try:
        return [page.get_textpage().get_text_bounded().strip() for page in document]
    finally:
        document.close()


def test_a_page_that_is_cut_is_nowhere_in_the_paper(
    cast: Cast, course: Course, deck: Path, tmp_path: Path
) -> None:
    assert words(deck) == ["alpha", "bravo", "secret", "delta"]
    paper = add(cast, course, deck, MediaKind.PAPER)

    copy, path = made(cast, paper, [[2, 3]])

    assert words(path) == ["alpha", "bravo", "delta"]
    # Nor in what a page could still point to: every stream unpacked, every object written out.
    plain = tmp_path / "plain.pdf"
    with pikepdf.open(path) as pdf:
        pdf.save(plain, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.all)
    assert b"alpha" in plain.read_bytes()
    assert b"secret" not in plain.read_bytes()
    assert copy.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_several_pages_are_cut(cast: Cast, course: Course, deck: Path) -> None:
    paper = add(cast, course, deck, MediaKind.PAPER)

    _copy, path = made(cast, paper, [[3, 4], [0, 2]])

    assert words(path) == ["secret"]


# What is asked for.


def test_a_new_copy_takes_the_place_of_the_old_which_goes(
    cast: Cast, course: Course, flag: Path
) -> None:
    film = add(cast, course, flag)
    first, _path = made(cast, film, [[3000, 5000]])
    old = first.key

    asked = ask(cast, film, [[0, 3000]])
    assert (asked.state, asked.cuts) == ("making", [[0, 3000]])  # the old is given no longer
    work()

    copy = find_copy(get_recording(film.id))
    assert copy is not None
    assert copy.key != old
    assert not current_storage().exists(old)
    assert db.session.scalar(select(func.count()).select_from(MediaCopy)) == 1


def test_the_same_cuts_again_make_nothing_anew(cast: Cast, course: Course, flag: Path) -> None:
    film = add(cast, course, flag)
    first, _path = made(cast, film, [[3000, 5000]])
    key, job = first.key, first.job_id

    again = ask(cast, film, [[4000, 5000], [3000, 4000]])

    assert (again.key, again.job_id, again.state) == (key, job, "ready")


def test_cuts_asked_for_while_others_are_made_win(cast: Cast, course: Course, flag: Path) -> None:
    film = add(cast, course, flag)
    ask(cast, film, [[0, 1000]])
    claim = claim_job(["make_copy"], "w", NOW + timedelta(days=3650), LEASE)
    assert claim is not None
    ask(cast, film, [[0, 2000]])
    run_claim(claim, JOBS["make_copy"], LEASE, threading.Event())
    copy = find_copy(film)
    assert copy is not None
    assert (copy.state, copy.cuts) == ("making", [[0, 2000]])
    work()

    db.session.expire_all()
    copy = find_copy(get_recording(film.id))
    assert copy is not None
    assert copy.state == "ready"
    files = [key for key in current_storage().list(f"recordings/{film.id}/v1") if "/c-" in key]
    assert files == [copy.key]


def test_a_copy_is_dropped_and_what_killed_workers_left_goes(
    cast: Cast, course: Course, flag: Path
) -> None:
    film = add(cast, course, flag)
    copy = ask(cast, film, [])
    storage = current_storage()
    left = f"recordings/{film.id}/v1/c-{copy.id}-dead/copy.mp4"
    storage.put(left, io.BytesIO(b"x"))
    work()
    assert not storage.exists(left)
    assert storage.exists(copy.key)

    with unit_of_work():
        drop_copy(cast.actor("organiser"), film.id, NOW)
    work()

    assert find_copy(get_recording(film.id)) is None
    assert not storage.exists(copy.key)
    actions = db.session.scalars(
        select(AuditEntry.action).where(AuditEntry.action.like("copy.%"))
    ).all()
    assert sorted(actions) == ["copy.dropped", "copy.made", "copy.requested"]


def test_copies_go_with_their_recording(cast: Cast, course: Course, flag: Path) -> None:
    film = add(cast, course, flag)
    made(cast, film, [])

    with unit_of_work():
        delete_recording(cast.actor("organiser"), film.id, NOW)
    work()

    assert list(current_storage().list(f"recordings/{film.id}")) == []
    assert db.session.scalar(select(func.count()).select_from(MediaCopy)) == 0


@pytest.mark.parametrize(
    "cuts", [[[0, 8001]], [[-1, 5]], [[5, 5]], [[0, 8000]], [[0, 5], [5, 8000]]]
)
def test_cuts_outside_and_of_everything_are_refused(
    cast: Cast, course: Course, flag: Path, cuts: list[list[int]]
) -> None:
    film = add(cast, course, flag)

    with pytest.raises(InvalidInputError) as caught:
        ask(cast, film, cuts)

    assert (caught.value.field, caught.value.code) == ("cuts", "cuts_outside")


def test_what_is_not_ready_has_no_copy(cast: Cast, course: Course) -> None:
    with unit_of_work():
        row = add_recording(
            cast.actor("organiser"), course.edition.id, MediaKind.VIDEO, Details({"en": "x"}), NOW
        )

    with pytest.raises(RecordingRefusedError) as caught:
        ask(cast, row, [])

    assert caught.value.code == "copy_not_ready"


@pytest.mark.parametrize("name", ["trainee", "coordinator", "speaker", "stranger"])
def test_only_its_organisers_may(cast: Cast, course: Course, deck: Path, name: str) -> None:
    paper = add(cast, course, deck, MediaKind.PAPER)

    with pytest.raises(NotFoundError), unit_of_work():
        request_copy(cast.actor(name), paper.id, [], NOW)
    with pytest.raises(NotFoundError), unit_of_work():
        drop_copy(cast.actor(name), paper.id, NOW)


# The page.


def in_english(client: FlaskClient) -> FlaskClient:
    with client.session_transaction() as session:
        session["language"] = "en"
    return client


def test_an_organiser_has_a_copy_made_and_deletes_it(
    sign_in: SignIn, cast: Cast, course: Course, flag: Path
) -> None:
    film = add(cast, course, flag)
    client = in_english(sign_in(cast.organiser))
    address = f"/desk/recordings/{film.id}/copy"

    answer = client.post(address, data={"cuts": "0:03 - 0:05\n\n０：０７～０：０８"})
    assert (answer.status_code, answer.location) == (303, address)
    assert "Being made" in client.get(address).text
    work()
    page = client.get(address).text
    assert "0:00:03-0:00:05, 0:00:07-0:00:08" in page
    copy = find_copy(get_recording(film.id))
    assert copy is not None
    assert copy.sha256[:32] in page

    assert client.post(f"{address}/delete").status_code == 303
    assert "There is none." in client.get(address).text


@pytest.mark.parametrize(
    ("cuts", "sentence"),
    [
        ("0:03-0:05\nsomewhere", "cannot be read in line 2"),
        ("0:05-0:03", "cannot be read in line 1"),
        ("0:03-0:59", "outside the recording"),
    ],
)
def test_what_is_wrong_is_said(  # noqa: PLR0917 - fixtures and a case
    sign_in: SignIn, cast: Cast, course: Course, flag: Path, cuts: str, sentence: str
) -> None:
    film = add(cast, course, flag)

    answer = in_english(sign_in(cast.organiser)).post(
        f"/desk/recordings/{film.id}/copy", data={"cuts": cuts}
    )

    assert answer.status_code == 422
    assert sentence in answer.text
    assert find_copy(film) is None


def test_pages_are_written_as_people_count_them(
    sign_in: SignIn, cast: Cast, course: Course, deck: Path
) -> None:
    paper = add(cast, course, deck, MediaKind.PAPER)
    client = in_english(sign_in(cast.organiser))
    address = f"/desk/recordings/{paper.id}/copy"

    assert client.post(address, data={"cuts": "2-3"}).status_code == 303
    copy = find_copy(paper)
    assert copy is not None
    assert copy.cuts == [[1, 3]]
    assert client.post(address, data={"cuts": "5"}).status_code == 422


# The rules.


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("0:00", 0), ("12:30", 750_000), ("90:00", 5_400_000), ("1:02:03", 3_723_000),
        ("１２：３０", 750_000), ("0:01.5", 1500), ("1:60", None), ("1:99:00", None), ("12", None),
        ("", None), ("-1:00", None), ("1:2:3:4", None),
    ],
)  # fmt: skip
def test_moments_are_read(text: str, ms: int | None) -> None:
    assert read_moment(text) == ms
    if ms is not None:
        assert read_moment(write_moment(ms)) == ms


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("1:00-2:00", (60_000, 120_000)), ("1:00 – 2:00", (60_000, 120_000)),
        ("1:00〜2:00", (60_000, 120_000)), ("1:00 to 2:00", (60_000, 120_000)),
        ("2:00-1:00", None), ("1:00", None), ("1:00-1:00", None), ("1:00-2:00-3:00", None),
    ],
)  # fmt: skip
def test_ranges_are_read(text: str, pair: tuple[int, int] | None) -> None:
    assert read_range(text) == pair


@pytest.mark.parametrize(
    ("text", "pages"),
    [("14", (13, 14)), ("14-16", (13, 16)), ("１４～１６", (13, 16)), ("0", None), ("3-2", None),
     ("x", None)],
)  # fmt: skip
def test_pages_are_read(text: str, pages: tuple[int, int] | None) -> None:
    assert read_pages(text) == pages


def test_cuts_are_merged_and_what_stays_is_the_rest() -> None:
    assert merge_cuts([[5, 7], [1, 3], [2, 4]], 10) == ((1, 4), (5, 7))
    assert kept_ranges(((1, 4), (5, 7)), 10) == ((0, 1), (4, 5), (7, 10))
    assert merge_cuts([], 10) == ()
    assert merge_cuts([[0, 10]], 10) is None
