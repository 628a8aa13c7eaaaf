"""Handouts: pages as pictures, their words, stamped copies, printing, rooms, hidden pages."""

import io
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
import typst
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select
from werkzeug.datastructures import Headers

from lms.infra.audit.models import AuditEntry
from lms.infra.current import current_storage
from lms.infra.db import db, unit_of_work
from lms.infra.jobs.models import Job
from lms.infra.jobs.running import LEASE, claim_job, run_claim
from lms.kernel import clock
from lms.kernel.actor import Role
from lms.people.models import Person
from lms.recordings.models import MediaCopy, Recording
from lms.rights.models import Agreement, Segment
from lms.rights.operations import rewrite_facts
from lms.watching.jobs import JOBS
from lms.watching.operations import COPY_KEPT, plain_letters, printable, read_serial
from lms.watching.operations.papers import font_folder
from lms.watching.rules import find_in_pages, hidden_pages, nearest_page, visible_pages
from tests.conftest import Cast, grant
from tests.watching.conftest import Shelf

SignIn = Callable[[Person], FlaskClient]

WORDS = ["はじめに", "賃金交渉の基礎", "秘密の図表", "ﾁﾝｷﾞﾝ統計", "まとめ"]


@pytest.fixture(scope="session")
def worded(papers: Path) -> Path:
    """A paper of five pages, each with its words."""
    compile_pdf: Any = typst.compile  # its stubs take one kind of text only
    made = compile_pdf(
        ('#set page(width: 300pt, height: 200pt)\n#set text(font: "Noto Sans JP")\n'
         + "\n#pagebreak()\n".join(WORDS)).encode(),
        font_paths=[str(font_folder())], ignore_system_fonts=True,
    )  # fmt: skip
    path = papers / "worded.pdf"
    path.write_bytes(made)
    return path


def picture(client: FlaskClient, address: str) -> Image.Image:
    answer = client.get(address)
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert answer.headers["Cache-Control"] == "private, no-store"
    return Image.open(io.BytesIO(answer.data)).convert("RGB")


def fetch(client: FlaskClient, address: str, span: str = "") -> tuple[int, bytes, Headers]:
    """Fetch a file, or a span of its bytes, through redirects, and let go of it."""
    headers = {"Range": f"bytes={span}"} if span else {}
    with client.get(address, headers=headers, follow_redirects=True) as answer:
        return answer.status_code, answer.data, answer.headers


def words_of(data: bytes) -> list[str]:
    """Read the words of each page with a reader that is not the one that wrote them."""
    with pypdfium2.PdfDocument(data) as document:
        return [page.get_textpage().get_text_bounded() for page in document]


def hide_pages(recording: Recording, a: int, b: int) -> None:
    """Let pages `[a, b)`, from 0, wait for somebody's agreement."""
    with unit_of_work():
        db.session.add(
            Segment(
                recording_id=recording.id, a=a, b=b, kind="slide", disposition="unresolved",
                on_deny="hide", created_at=clock.now(),
            )
        )  # fmt: skip
        rewrite_facts(recording.id, clock.now())


def have_cut_copy(recording: Recording, *pages: int) -> None:
    """Put a copy without these pages (from 0) into the store, as the worker makes it."""
    key = f"recordings/{recording.id}/v1-cut/copy.pdf"
    out = io.BytesIO()
    with (
        current_storage().as_local(recording.source_key) as path,
        pikepdf.open(path) as pdf,
    ):
        for number in sorted(pages, reverse=True):
            del pdf.pages[number]
        pdf.save(out)
    current_storage().put(key, io.BytesIO(out.getvalue()))
    with unit_of_work():
        db.session.add(
            MediaCopy(
                recording_id=recording.id, media_version=1, key=key, state="ready",
                cuts=[[pages[0], pages[-1] + 1]], made_at=clock.now(),
            )
        )  # fmt: skip
        rewrite_facts(recording.id, clock.now())


def test_a_handout_is_read_page_by_page_without_javascript(
    cast: Cast, shelf: Shelf, sign_in: SignIn
) -> None:
    paper = shelf.paper()
    shelf.agree(paper, actions=["display"])
    shelf.publish(paper)
    client = sign_in(cast.trainee)

    first = client.get(f"/recordings/{paper.id}")
    second = client.get(f"/recordings/{paper.id}?page=2").text

    assert first.status_code == 200
    assert 'data-testid="next"' in first.text
    assert 'data-testid="previous"' not in first.text
    assert f"/recordings/{paper.id}/pages/2.png" in second
    for offer in ("download", "print", "screen"):
        assert f'data-testid="{offer}"' not in second
    page = picture(client, f"/recordings/{paper.id}/pages/1.png")
    assert page.width == 1400
    assert page.getextrema() == ((255, 255),) * 3  # a blank page, no stamp
    assert picture(client, f"/recordings/{paper.id}/pages/1.png").tobytes() == page.tobytes()
    assert client.get(f"/recordings/{paper.id}/pages/4.png").status_code == 404
    assert client.get(f"/recordings/{paper.id}/pages/0.png").status_code == 404
    for address in ("file.pdf", "print", "print/1.png", "screen?room=hq", "screen/1.png"):
        assert client.get(f"/recordings/{paper.id}/{address}").status_code == 403, address
    # A page number that is none shows a page all the same.
    assert client.get(f"/recordings/{paper.id}?page=x").status_code == 200
    assert client.get(f"/recordings/{paper.id}?page=99").status_code == 200


def test_a_page_of_a_handout_asks_the_database_little(
    cast: Cast, shelf: Shelf, sign_in: SignIn, statements: Callable[[], Sequence[str]]
) -> None:
    paper = shelf.paper()
    shelf.agree(paper)
    shelf.publish(paper)
    client = sign_in(cast.trainee)
    client.get(f"/recordings/{paper.id}")

    statements()
    assert client.get(f"/recordings/{paper.id}?page=2").status_code == 200
    assert len(statements()) <= 12
    assert client.get(f"/recordings/{paper.id}/pages/2.png").status_code == 200
    assert len(statements()) <= 8


def test_the_words_of_each_page_are_there_for_who_cannot_see_it(
    cast: Cast, shelf: Shelf, worded: Path, sign_in: SignIn
) -> None:
    paper = shelf.paper(worded.name)
    shelf.agree(paper)
    shelf.publish(paper)
    client = sign_in(cast.trainee)

    page = client.get(f"/recordings/{paper.id}?page=2").text

    assert "賃金交渉の基礎" in page
    assert "はじめに" not in page
    assert 'aria-describedby="page-words"' in page


def test_a_paper_is_searched_in_any_width_and_kind_of_kana(
    cast: Cast, shelf: Shelf, worded: Path, sign_in: SignIn
) -> None:
    paper = shelf.paper(worded.name)
    shelf.agree(paper)
    shelf.publish(paper)
    client = sign_in(cast.trainee)

    found = client.get(f"/recordings/{paper.id}?q=ちんぎん").text
    nothing = client.get(f"/recordings/{paper.id}?q=有給").text

    assert f"/recordings/{paper.id}?page=4&amp;q=" in found
    hits = found[found.index('data-testid="hits"') :]
    assert hits[: hits.index("</ol>")].count("<li>") == 1
    assert 'data-testid="hits"' not in nothing
    assert 'data-testid="hit-count"' in nothing
    assert client.get(f"/recordings/{paper.id}?q={'x' * 5000}").status_code == 200


def test_hidden_pages_are_nowhere(cast: Cast, shelf: Shelf, worded: Path, sign_in: SignIn) -> None:
    paper = shelf.paper(worded.name)
    shelf.agree(paper)
    shelf.publish(paper)
    hide_pages(paper, 2, 3)
    client = sign_in(cast.trainee)

    before = client.get(f"/recordings/{paper.id}?page=2").text
    asked = client.get(f"/recordings/{paper.id}?page=3").text

    assert f"/recordings/{paper.id}/pages/4.png" in before  # the next page is the fourth
    assert 'data-testid="left-out"' in before
    assert "秘密" not in asked
    assert f"/recordings/{paper.id}/pages/4.png" in asked
    assert client.get(f"/recordings/{paper.id}/pages/3.png").status_code == 404
    assert 'data-testid="hits"' not in client.get(f"/recordings/{paper.id}?q=秘密").text
    # Print and room are drawn page by page; a file waits for a copy without these pages.
    assert client.get(f"/recordings/{paper.id}/file.pdf").status_code == 403
    printed = client.get(f"/recordings/{paper.id}/print").text
    assert printed.count('data-testid="print-page"') == 4
    assert f"/recordings/{paper.id}/print/3.png" not in printed
    assert client.get(f"/recordings/{paper.id}/print/3.png").status_code == 404
    shown = client.get(f"/recordings/{paper.id}/screen?room=hq&page=3").text
    assert f"/recordings/{paper.id}/screen/4.png" in shown
    assert client.get(f"/recordings/{paper.id}/screen/3.png?room=hq").status_code == 404

    have_cut_copy(paper, 2)

    status, data, _headers = fetch(client, f"/recordings/{paper.id}/file.pdf")
    assert status == 200
    words = words_of(data)
    assert len(words) == 4
    assert not any("秘密" in text for text in words)


def test_a_cut_copy_with_other_cuts_is_not_given_out(
    cast: Cast, shelf: Shelf, worded: Path, sign_in: SignIn
) -> None:
    paper = shelf.paper(worded.name)
    shelf.agree(paper)
    shelf.publish(paper)
    hide_pages(paper, 2, 3)
    have_cut_copy(paper, 1)
    client = sign_in(cast.trainee)

    assert client.get(f"/recordings/{paper.id}/file.pdf").status_code == 403


def test_every_copy_carries_name_moment_and_serial(
    cast: Cast, shelf: Shelf, worded: Path, sign_in: SignIn
) -> None:
    paper = shelf.paper(worded.name)
    shelf.agree(paper)
    shelf.publish(paper)
    with unit_of_work():
        reader = db.session.get(Person, cast.trainee.id)
        assert reader is not None
        reader.family_name, reader.given_name = "髙﨑", "悠"
    client = sign_in(cast.trainee)

    lead = client.get(f"/recordings/{paper.id}/file.pdf")
    assert lead.status_code == 303
    address = lead.headers["Location"]
    status, data, headers = fetch(client, address)

    assert (status, headers["Content-Type"]) == (200, "application/pdf")
    assert "attachment" in headers["Content-Disposition"]
    assert headers["Cache-Control"] == "private, no-store"
    entry = db.session.scalars(
        select(AuditEntry).order_by(AuditEntry.id).where(AuditEntry.action == "handout.downloaded")
    ).one()
    serial = entry.details["serial"]
    assert serial in address
    words = words_of(data)
    assert len(words) == 5
    for text in words:
        line = text.replace(" ", "")
        assert "髙﨑悠" in line
        assert serial in line
        assert f"{clock.now():%Y}" in line
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert len(pdf.pages) == 5


def test_a_download_that_broke_off_goes_on_with_the_same_copy(
    cast: Cast, shelf: Shelf, sign_in: SignIn
) -> None:
    paper = shelf.paper()
    shelf.agree(paper)
    shelf.publish(paper)
    client = sign_in(cast.trainee)
    address = client.get(f"/recordings/{paper.id}/file.pdf").headers["Location"]

    _status, whole, _headers = fetch(client, address)
    status, first, headers = fetch(client, address, "0-99")
    _status, rest, _headers = fetch(client, address, "100-")

    assert (status, headers["Content-Range"]) == (206, f"bytes 0-99/{len(whole)}")
    assert first + rest == whole
    assert fetch(client, address, f"{len(whole) + 1}-")[0] == 416
    assert len(db.session.scalars(select(AuditEntry.id).where(
        AuditEntry.action == "handout.downloaded")).all()) == 1  # fmt: skip


def test_a_copy_is_its_readers_own_and_ends_with_the_right(
    cast: Cast, shelf: Shelf, sign_in: SignIn
) -> None:
    paper = shelf.paper()
    agreement = shelf.agree(paper)
    shelf.publish(paper)
    client = sign_in(cast.trainee)
    address = client.get(f"/recordings/{paper.id}/file.pdf").headers["Location"]
    assert fetch(client, address)[0] == 200

    assert sign_in(cast.coordinator).get(address).status_code == 404
    client = sign_in(cast.trainee)
    for altered in ("0" * 26, "..", "x", "%2e%2e%2fsource"):
        tried = client.get(f"/recordings/{paper.id}/copies/{altered}.pdf")
        assert tried.status_code == 404, altered

    shelf.withdraw(agreement)

    assert client.get(address).status_code in (403, 404)


def test_a_copy_with_pages_that_were_hidden_since_is_not_given_again(
    cast: Cast, shelf: Shelf, worded: Path, sign_in: SignIn
) -> None:
    paper = shelf.paper(worded.name)
    shelf.agree(paper)
    shelf.publish(paper)
    client = sign_in(cast.trainee)
    address = client.get(f"/recordings/{paper.id}/file.pdf").headers["Location"]
    assert len(words_of(fetch(client, address)[1])) == 5

    hide_pages(paper, 2, 3)
    have_cut_copy(paper, 2)

    assert fetch(client, address)[0] == 404
    status, data, _headers = fetch(client, f"/recordings/{paper.id}/file.pdf")
    assert (status, len(words_of(data))) == (200, 4)


def test_a_copy_is_forgotten_after_a_day(cast: Cast, shelf: Shelf, sign_in: SignIn) -> None:
    paper = shelf.paper()
    shelf.agree(paper)
    shelf.publish(paper)
    client = sign_in(cast.trainee)
    address = client.get(f"/recordings/{paper.id}/file.pdf").headers["Location"]
    job = db.session.scalars(select(Job).where(Job.kind == "forget_copy")).one()
    assert job.run_at > clock.now()

    claim = claim_job(["forget_copy"], "w", clock.now() + COPY_KEPT, LEASE)
    assert claim is not None
    run_claim(claim, JOBS["forget_copy"], LEASE, threading.Event())

    assert client.get(address).status_code == 404
    assert client.get(f"/recordings/{paper.id}").status_code == 200


def test_name_and_time_stand_across_what_must_be_marked(
    cast: Cast, shelf: Shelf, sign_in: SignIn
) -> None:
    paper = shelf.paper()
    shelf.agree(paper, obligations=["watermark"])
    shelf.publish(paper)
    client = sign_in(cast.trainee)

    marked = picture(client, f"/recordings/{paper.id}/pages/1.png")
    darkest, _lightest = marked.convert("L").getextrema()
    assert isinstance(darkest, (int, float))
    assert darkest < 200

    words = words_of(fetch(client, f"/recordings/{paper.id}/file.pdf")[1])
    assert all(text.count("山瀬") == 2 for text in words)  # at the foot, and across the page


def test_whose_copy_it_is_learns_only_who_looks_after_the_paper(
    cast: Cast, shelf: Shelf, sign_in: SignIn
) -> None:
    paper = shelf.paper()
    shelf.agree(paper)
    shelf.publish(paper)
    sign_in(cast.trainee).get(f"/recordings/{paper.id}/file.pdf")
    serial = db.session.scalars(
        select(AuditEntry).order_by(AuditEntry.id).where(AuditEntry.action == "handout.downloaded")
    ).one().details["serial"]  # fmt: skip
    page = f"/desk/handouts/copies?serial={serial}"

    told = sign_in(cast.organiser).get(f"/desk/handouts/copies?serial= {serial.upper()} ").text
    unknown = sign_in(cast.organiser).get(f"/desk/handouts/copies?serial={'0' * 26}").text

    assert "山瀬" in told
    assert 'data-testid="copy"' in told
    assert 'data-testid="no-copy"' in unknown
    assert sign_in(cast.trainee).get(page).status_code == 404
    # A rights officer of another programme is told the same as for a number that is none.
    grant(cast.stranger, Role.RIGHTS_OFFICER, "programme:0000000000000000000000000")
    other = sign_in(cast.stranger).get(page).text
    assert "山瀬" not in other
    assert 'data-testid="no-copy"' in other


def test_printing_needs_its_own_grant_and_is_logged(
    cast: Cast, shelf: Shelf, sign_in: SignIn
) -> None:
    paper = shelf.paper()
    shelf.agree(paper, actions=["display", "print"])
    shelf.publish(paper)
    client = sign_in(cast.trainee)

    reading = client.get(f"/recordings/{paper.id}").text
    page = client.get(f"/recordings/{paper.id}/print").text

    assert 'data-testid="print"' in reading
    assert 'data-testid="download"' not in reading
    assert page.count('data-testid="print-page"') == 3
    entry = db.session.scalars(
        select(AuditEntry).order_by(AuditEntry.id).where(AuditEntry.action == "handout.printed")
    ).one()
    assert entry.details["serial"] in page
    assert "山瀬" in page
    picture(client, f"/recordings/{paper.id}/print/2.png")


def test_what_may_only_be_streamed_is_not_printed(
    cast: Cast, shelf: Shelf, sign_in: SignIn
) -> None:
    paper = shelf.paper()
    shelf.agree(paper, obligations=["stream_only"])
    shelf.publish(paper)
    client = sign_in(cast.trainee)

    reading = client.get(f"/recordings/{paper.id}").text

    assert 'data-testid="print"' not in reading
    assert 'data-testid="download"' not in reading
    for address in ("file.pdf", "print", "print/1.png"):
        assert client.get(f"/recordings/{paper.id}/{address}").status_code == 403, address


def test_a_room_is_asked_for_and_must_be_covered_by_the_rights(
    cast: Cast, shelf: Shelf, sign_in: SignIn
) -> None:
    paper = shelf.paper()
    shelf.agree(paper, audience={"reach": "affiliate"})
    shelf.publish(paper)
    client = sign_in(cast.trainee)

    assert 'data-testid="screen"' in client.get(f"/recordings/{paper.id}").text
    assert 'data-testid="room-form"' in client.get(f"/recordings/{paper.id}/screen").text
    shown = client.get(f"/recordings/{paper.id}/screen?room=affiliate")
    assert shown.status_code == 200
    assert 'data-testid="stage"' in shown.text
    picture(client, f"/recordings/{paper.id}/screen/1.png?room=affiliate")
    assert client.get(f"/recordings/{paper.id}/screen?room=outside").status_code == 403
    assert client.get(f"/recordings/{paper.id}/screen?room=nonsense").status_code == 403
    assert client.get(f"/recordings/{paper.id}/screen/1.png?room=outside").status_code == 403
    assert client.get(f"/recordings/{paper.id}/screen/1.png").status_code == 403
    rooms = [
        entry.details["room"]
        for entry in db.session.scalars(
            select(AuditEntry)
            .order_by(AuditEntry.id)
            .where(AuditEntry.action == "handout.screened")
        )
    ]
    assert rooms == ["affiliate"]


def test_a_paper_whose_file_is_lost_says_so(cast: Cast, shelf: Shelf, sign_in: SignIn) -> None:
    paper = shelf.paper()
    shelf.agree(paper)
    shelf.publish(paper)
    client = sign_in(cast.trainee)
    with client.session_transaction() as session:
        session["language"] = "en"
    current_storage().delete_tree(paper.source_key)

    for address in ("", "/pages/1.png", "/file.pdf", "/print/1.png", "/screen/1.png?room=hq"):
        answer = client.get(f"/recordings/{paper.id}{address}")
        assert answer.status_code == 503, address
        assert "Files cannot be reached at the moment" in answer.text


def test_a_handout_taken_down_shows_no_page(cast: Cast, shelf: Shelf, sign_in: SignIn) -> None:
    paper = shelf.paper()
    shelf.agree(paper)
    shelf.publish(paper)
    client = sign_in(cast.trainee)
    copy = client.get(f"/recordings/{paper.id}/file.pdf").headers["Location"]
    assert client.get(f"/recordings/{paper.id}/pages/1.png").status_code == 200

    shelf.take_down(paper)

    for address in ("", "/pages/1.png", "/file.pdf", "/print", "/print/1.png",
                    "/screen?room=hq", "/screen/1.png"):  # fmt: skip
        assert client.get(f"/recordings/{paper.id}{address}").status_code in (403, 404), address
    assert client.get(copy).status_code in (403, 404)


def test_a_preview_gives_no_file_away(cast: Cast, shelf: Shelf, sign_in: SignIn) -> None:
    paper = shelf.paper()
    shelf.agree(paper)
    client = sign_in(cast.organiser)

    page = client.get(f"/recordings/{paper.id}")

    assert page.status_code == 200
    assert 'data-testid="download"' not in page.text
    for address in ("file.pdf", "print", "screen?room=hq"):
        assert client.get(f"/recordings/{paper.id}/{address}").status_code == 403, address


def test_staff_preview_a_paper_that_its_author_signed_for(
    cast: Cast, shelf: Shelf, sign_in: SignIn
) -> None:
    """Of a paper nobody spoke: the author's agreement counts where a speaker's would."""
    paper = shelf.paper()
    client = sign_in(cast.organiser)
    assert client.get(f"/recordings/{paper.id}").status_code == 403  # nobody was asked

    with unit_of_work():
        author = Agreement(
            recording_id=paper.id, lineage="a", kind="slides", scope="whole", status="requested",
            holder_name="白浜汐里", created_at=clock.now(),
        )  # fmt: skip
        db.session.add(author)
        rewrite_facts(paper.id, clock.now())
    assert client.get(f"/recordings/{paper.id}").status_code == 403  # asked, not answered

    with unit_of_work():
        row = db.session.get(Agreement, author.id)
        assert row is not None
        row.status, row.signed_at = "signed", clock.now() - timedelta(minutes=1)
        rewrite_facts(paper.id, clock.now())
    page = client.get(f"/recordings/{paper.id}")
    assert page.status_code == 200
    assert sign_in(cast.trainee).get(f"/recordings/{paper.id}").status_code == 404

    shelf.withdraw(author)

    assert sign_in(cast.organiser).get(f"/recordings/{paper.id}").status_code == 403


def test_pages_are_counted_from_one_and_ranges_from_nought() -> None:
    assert visible_pages(5, ((0, 1), (2, 4))) == (2, 5)
    assert visible_pages(2, ((0, 9),)) == ()
    assert hidden_pages(5, ((0, 1), (2, 9))) == ((1, 1), (3, 5))
    assert hidden_pages(2, ((2, 3),)) == ()
    assert [nearest_page((2, 5), wanted) for wanted in (-3, 1, 2, 3, 5, 9)] == [2, 2, 2, 5, 5, 5]


def test_a_name_that_no_font_has_keeps_what_can_be_printed() -> None:
    assert printable("髙﨑 悠") == "髙﨑 悠"
    assert printable("Nguyễn Văn A") == "Nguyễn Văn A"
    assert printable("สมชาย ใจดี") == "\u3013 \u3013"
    assert printable("") == ""


def test_pictures_have_letters_for_every_latin_name() -> None:
    assert plain_letters("Nguy\u1ec5n V\u0103n \u0110\u1ee9c") == "Nguyen Van Duc"
    assert plain_letters("\u0141ukasz") == "Lukasz"
    assert plain_letters("José 髙﨑") == "José 髙﨑"


def test_a_name_in_letters_that_no_font_has_is_told_of_and_given_in_latin_letters(
    cast: Cast, shelf: Shelf, sign_in: SignIn
) -> None:
    paper = shelf.paper()
    shelf.agree(paper)
    shelf.publish(paper)
    with unit_of_work():
        person = db.session.get_one(Person, cast.trainee.id)
        person.family_name = person.given_name = ""
        person.full_name = "สมชาย ใจดี"
    client = sign_in(cast.trainee)
    page = client.get(f"/recordings/{paper.id}").text
    assert 'data-testid="lost-letters"' in page
    _status, data, _headers = fetch(client, f"/recordings/{paper.id}/file.pdf")
    assert "\u3013" in words_of(data)[0]
    with unit_of_work():
        person = db.session.get_one(Person, cast.trainee.id)
        person.romanised_family, person.romanised_given = "Jaidee", "Somchai"
    assert 'data-testid="lost-letters"' not in client.get(f"/recordings/{paper.id}").text
    _status, data, _headers = fetch(client, f"/recordings/{paper.id}/file.pdf")
    assert "JAIDEE Somchai" in words_of(data)[0]


def test_words_are_found_over_the_end_of_a_line_and_told_where() -> None:
    words = {1: "労働\n協約 の基礎", 2: "", 3: f"{'前' * 200}協約{'後' * 200}"}

    hits = find_in_pages(words, "労働協約")
    assert [(hit.number, hit.line) for hit in hits] == [(1, "労働")]
    long = find_in_pages(words, "協約")[1]
    assert long.number == 3
    assert "協約" in long.line
    assert len(long.line) < 130
    assert find_in_pages(words, " \u3000") == ()


def test_a_word_is_found_that_begins_in_the_middle_of_kana() -> None:
    assert [hit.number for hit in find_in_pages({1: "このうた", 2: "こうた"}, "うた")] == [1, 2]
    assert [hit.number for hit in find_in_pages({1: "こうりゅう"}, "コーリュー")] == [1]


def test_a_page_of_one_endless_line_is_searched_at_once() -> None:
    before = time.process_time()
    [hit] = find_in_pages({1: f"{'前' * 20_000}協約{'後' * 2000}"}, "協約")
    assert "協約" in hit.line
    assert len(hit.line) < 130
    assert time.process_time() - before < 5  # in place of minutes


def test_a_serial_is_read_as_people_copy_it() -> None:
    serial = "01hzy3w7q8r9s0t1v2w3x4y5z6"
    assert read_serial(f" {serial.upper()} ") == serial
    assert read_serial(f"{serial[:10]} {serial[10:]}") == serial
    assert read_serial("") == ""
    assert read_serial(serial + "x") == ""
    assert read_serial("../../../../etc/passwd....") == ""
