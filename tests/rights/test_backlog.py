"""The backlog in the browser's shoes: a list, letters, answers, and on to the ordinary way."""

import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import refresh
from sqlalchemy import func, select

from bench.world import counted
from lms.courses.models import Edition, EditionState, Programme
from lms.infra.db import db, unit_of_work
from lms.kernel.actor import SYSTEM, Role
from lms.recordings.models import Recording, Stage
from lms.rights.errors import RightsRefusedError
from lms.rights.models import (
    Agreement,
    AgreementTerm,
    ConsentItem,
    ConsentRequest,
    RightsFacts,
    Rightsholder,
    ShelfHolder,
    ShelfImport,
    ShelfItem,
)
from lms.rights.operations import shelving
from lms.rights.operations.consenting import draft_answers, enter_paper
from lms.rights.operations.shelving import importing
from lms.rights.queries.backlog import BacklogFilter, read_backlog
from lms.rights.rules import Code, Decision
from lms.rights.rules.consent import ItemAnswer
from lms.rights.rules.shelf import ItemState, Place
from lms.worker import run_worker
from tests.conftest import NOW, Cast, grant
from tests.rights.conftest import Course

SignIn = Callable[[Any], FlaskClient]
Ask = Callable[..., Decision]
BOARD = "/desk/rights/backlog"
ARCHIVE = "Archive of recordings and papers"
HEAD = "題名,種類,講座,開催回,収録日,講師,講師所属,講師メール,ファイル名,保管場所,備考\n"
ROWS = (
    HEAD
    + "賃金の決まり方,動画,labour-economics,2026,令和元年6月14日,"
    + "白浜 汐里,東和大学,s@example.org,a.mp4,棚1,\n"
    + "賃金の資料,資料,労働経済入門,2026,2019/6/14,白浜 汐里,東和大学,S@Example.org,a.pdf,棚1,\n"
    + "古い講義,音声,labour-economics,,43630,髙森 夏子,,,old.mp3,倉庫,DVD\n"
    + "だれのものか,資料,labour-economics/2026,,,,,,,,\n"
)


@pytest.fixture(autouse=True)
def today() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def office(sign_in: SignIn, cast: Cast) -> FlaskClient:
    return sign_in(cast.organiser)


def in_english(client: FlaskClient) -> None:
    with client.session_transaction() as session:
        session["language"] = "en"
    refresh()  # the context of a test outlives its requests, and remembers their language


def send(client: FlaskClient, text: str | bytes, place: str = "", name: str = "list.csv") -> Any:
    content = text.encode() if isinstance(text, str) else text
    data = {"sheet": (io.BytesIO(content), name), "place": place}
    return client.post(f"{BOARD}/import", data=data, content_type="multipart/form-data")


def enter(client: FlaskClient, text: str | bytes = ROWS, place: str = "") -> None:
    sent = send(client, text, place)
    assert sent.status_code == 303, sent.text
    address = sent.location.split("?")[0]
    assert client.post(f"{address}/confirm").status_code == 303


def item(title: str) -> Recording:
    db.session.rollback()
    return next(
        one
        for one in db.session.scalars(select(Recording).where(Recording.stage != Stage.DELETED))
        if one.title.get("ja") == title
    )


def holder(name: str) -> Rightsholder:
    db.session.rollback()
    return db.session.scalars(select(Rightsholder).where(Rightsholder.name == name)).one()


def count(table: Any) -> int:
    db.session.rollback()
    found = db.session.scalar(select(func.count()).select_from(table))
    assert found is not None
    return int(found)


def chosen(*pairs: tuple[Recording, str]) -> list[str]:
    return [f"{recording.id}.{kind}" for recording, kind in pairs]


def states() -> dict[tuple[str, str], ItemState]:
    """Return by (title, holder's name) where everything on the board stands."""
    db.session.rollback()
    found = {}
    board = read_backlog(SYSTEM, BacklogFilter())
    for group in board.groups:
        for line in group.lines:
            name = group.holder.name if group.holder else ""
            found[line.recording.title["ja"], name] = line.state
    return found


def test_nothing_is_written_until_it_is_confirmed(office: FlaskClient, course: Course) -> None:
    del course
    before = count(Recording)
    sent = send(office, ROWS)
    page = office.get(sent.location).text
    assert page.count('data-testid="row-state"') == 4
    assert "賃金の決まり方" in page
    assert count(Recording) == before
    assert count(Rightsholder) == count(ShelfItem) == count(Edition) - 1 == 0
    address = sent.location.split("?")[0]
    assert office.post(f"{address}/drop").status_code == 303
    assert count(Recording) == before
    assert office.post(f"{address}/confirm").status_code == 409
    kept = db.session.scalars(select(ShelfImport)).one()
    assert (kept.state, kept.rows) == ("dropped", [])


def test_a_list_becomes_hidden_items_with_their_holders(
    office: FlaskClient, course: Course, ask: Ask
) -> None:
    enter(office)
    film, paper, old = item("賃金の決まり方"), item("賃金の資料"), item("古い講義")
    assert [one.stage for one in (film, paper, old)] == [Stage.RECORDED] * 3
    assert (film.edition_id, film.kind, film.shelf) == (course.edition_id, "video", "棚1")
    assert (film.recorded_on, old.recorded_on) == (date(2019, 6, 14), date(2019, 6, 14))
    assert (film.source_name, film.source_key) == ("a.mp4", "")
    speaker = holder("白浜 汐里")
    assert (speaker.email, speaker.organisation) == ("s@example.org", "東和大学")
    assert {
        (one.recording_id, one.kind)
        for one in db.session.scalars(
            select(ShelfHolder).where(ShelfHolder.rightsholder_id == speaker.id)
        )
    } == {(film.id, "speaker"), (paper.id, "slides")}
    archive = db.session.get_one(Edition, old.edition_id)
    assert archive.id != course.edition_id
    assert (archive.state, archive.title["en"]) == (EditionState.DRAFT, ARCHIVE)
    assert states()["だれのものか", ""] is ItemState.NOT_ASKED
    assert ask("trainee", recording_id=film.id).code is Code.RIGHTS_MISSING
    # A second list for the same programme goes to the same archive.
    enter(office, HEAD + "また古い講義,音声,labour-economics,,,,,,,,\n")
    assert item("また古い講義").edition_id == archive.id


def test_sent_again_it_changes_nothing(office: FlaskClient, course: Course) -> None:
    del course
    enter(office)
    before = [count(table) for table in (Recording, ShelfItem, ShelfHolder, Rightsholder)]
    sent = send(office, ROWS.replace(",DVD", ",ＤＶＤ"))
    assert 'data-testid="confirm-import"' not in office.get(sent.location).text
    enter(office, ROWS)
    assert [count(t) for t in (Recording, ShelfItem, ShelfHolder, Rightsholder)] == before
    # Deleted for good, it may come in again.
    with unit_of_work():
        db.session.get_one(Recording, item("古い講義").id).stage = Stage.DELETED
    enter(office, ROWS)
    assert count(ShelfItem) == before[1] + 1


def test_faults_are_named_and_sound_rows_enter_without_them(
    office: FlaskClient, course: Course
) -> None:
    del course
    with unit_of_work():
        db.session.add(Rightsholder(name="別の人", email="b@example.org", created_at=NOW))
    text = HEAD + (
        "一,動画,no-such-course,,,,,,,,\n"
        "二,動画,labour-economics,1999,,,,,,,\n"
        "三,動画,,,,,,,,,\n"
        "四,動画,labour-economics,2026,2027-01-01,,,,,,\n"
        "五,動画,labour-economics,2026,2019-02-30,,,,,,\n"
        "六,動画,labour-economics,2026,,山田 一,,y@example.org,,,\n"
        "七,動画,labour-economics,2026,,高田 二,,Y@example.org,,,\n"
        "八,動画,labour-economics,2026,,山田 三,,b@example.org,,,\n"
        "九,動画,labour-economics,2026,,,,,nine.mp4,,\n"
        "九,動画,labour-economics,2026,,,,,NINE.mp4,,二度目\n"
    )
    in_english(office)
    sent = send(office, text)
    page = office.get(sent.location).text
    for sentence in (
        "There is no course “no-such-course” that you look after.",
        "There is no edition “1999” of this course.",
        "It names no course.",
        "This day has not come yet.",
        "“2019-02-30” is not in the calendar.",
        "This address stands in line 7 with another name: 山田 一.",
        "This address belongs to another rightsholder on file: 別の人.",
        "The same item stands in line 10.",
    ):
        assert sentence in page, sentence
    assert "To be corrected 8" in page
    address = sent.location.split("?")[0]
    assert office.post(f"{address}/confirm").status_code == 303
    assert count(ShelfItem) == 2
    # Names that differ only in the form of a character are the same name.
    same = HEAD + (
        "十,動画,labour-economics,2026,,髙田 二,,t@example.org,,,\n"
        "十一,動画,labour-economics,2026,,高田 二,,t@example.org,,,\n"
    )
    enter(office, same)
    assert count(ShelfItem) == 4


def test_rows_without_a_course_go_where_the_desk_says(office: FlaskClient, course: Course) -> None:
    text = HEAD + "一,動画,,,,,,,,,\n"
    sent = send(office, text)
    address = sent.location.split("?")[0]
    assert office.post(f"{address}/confirm").status_code == 409
    assert office.post(f"{address}/place", data={"place": "edition:nonsense"}).status_code == 422
    chosen_place = {"place": f"edition:{course.edition_id}"}
    assert office.post(f"{address}/place", data=chosen_place).status_code == 303
    assert office.post(f"{address}/confirm").status_code == 303
    assert item("一").edition_id == course.edition_id


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "This file is empty."),
        (b"a" * 5_000_001, "This list is too large. Lists up to 5 MB are read"),
        ("氏名,講師\n山田,山田\n".encode(), "columns were not found: Title (Japanese), Kind."),
        (b"PK\x03\x04", "This file is damaged or was cut off"),
    ],
    ids=["empty", "large", "columns", "broken"],
)
def test_what_is_no_list_is_refused_in_words(
    office: FlaskClient, course: Course, content: bytes, sentence: str
) -> None:
    del course
    in_english(office)
    sent = send(office, content)
    assert sent.status_code == 422
    assert sentence in sent.text
    sent.request.environ["wsgi.input"].close()
    assert count(ShelfImport) == 0
    empty = office.post(f"{BOARD}/import", data={"place": ""})
    assert (empty.status_code, "There is no list." in empty.text) == (422, True)


def test_two_who_enter_the_same_list_enter_it_once(
    office: FlaskClient, sign_in: SignIn, cast: Cast, course: Course
) -> None:
    del course
    colleague = sign_in(cast.admin)
    mine = send(office, ROWS).location.split("?")[0]
    theirs = send(colleague, ROWS).location.split("?")[0]
    assert colleague.get(mine).status_code == 404
    assert colleague.post(f"{mine}/confirm").status_code == 404
    assert colleague.post(f"{theirs}/confirm").status_code == 303
    assert count(ShelfItem) == 4
    assert office.post(f"{mine}/confirm").status_code == 303
    assert count(ShelfItem) == 4
    assert [one.made for one in db.session.scalars(select(ShelfImport).order_by(ShelfImport.id))]
    assert sorted(db.session.scalars(select(ShelfImport.made))) == [0, 4]
    assert office.post(f"{mine}/confirm").status_code == 409


def test_a_double_at_the_same_moment_writes_nothing(
    cast: Cast, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where another commits between the judgement and the writing, the constraint holds."""
    del course
    actor = cast.actor("organiser")
    sheet, sha256 = shelving.read_file(ROWS.encode())

    def keep() -> str:
        with unit_of_work():
            return shelving.keep_sheet(actor, "a", sheet, NOW, sha256=sha256, fallback=None).id

    first, second = keep(), keep()
    judged = importing.judge_import(
        actor, db.session.get_one(ShelfImport, second), NOW
    )  # fmt: skip
    with unit_of_work():
        shelving.take_sheet(actor, first, NOW)
    before = count(Recording)
    monkeypatch.setattr(importing, "judge_import", lambda *_a: judged)
    with pytest.raises(RightsRefusedError, match="import_meanwhile"), unit_of_work():
        shelving.take_sheet(actor, second, NOW)
    assert count(Recording) == before
    assert db.session.get_one(ShelfImport, second).state == "preview"


def test_one_letter_asks_for_several(office: FlaskClient, course: Course) -> None:
    del course
    enter(office)
    speaker, film, paper = holder("白浜 汐里"), item("賃金の決まり方"), item("賃金の資料")
    go = office.post(f"{BOARD}/chosen", data={"holder": speaker.id, "do": "letter_all"})
    assert go.status_code == 303
    page = office.get(go.location).text
    assert page.count('scope="row"') == 2
    data = {
        "uses": ["play", "display", "print"],
        "reach": "affiliate",
        "last_on": "2027-03-31",
        "adaptations": ["captions"],
        "message": "過去の講義についてのお願い",
        "due_on": "2026-11-30",
        "language": "ja",
    }
    asked = office.post(go.location, data=data)
    assert asked.status_code == 303, re.findall("<li>.*", asked.text)
    request = db.session.scalars(select(ConsentRequest)).one()
    assert (request.kind, request.rightsholder_id) == ("backlog", speaker.id)
    agreements = {one.recording_id: one for one in db.session.scalars(select(Agreement))}
    assert set(agreements) == {film.id, paper.id}
    assert agreements[film.id].answers["asked"]["uses"] == ["play"]
    assert agreements[paper.id].answers["asked"]["uses"] == ["display", "print"]
    assert agreements[film.id].answers["asked"]["captions"] is True
    assert count(ConsentItem) == 2
    assert states()["賃金の資料", "白浜 汐里"] is ItemState.ASKED
    # Asked again while the letter is open: nothing new, and said so.
    shown = chosen((film, "speaker"), (paper, "slides"))
    again = office.post(go.location, data={**data, "item": shown})
    assert again.status_code == 422
    assert count(ConsentRequest) == 1


def test_all_that_one_holds_is_asked_behind_an_address_that_servers_take(
    office: FlaskClient, course: Course
) -> None:
    del course
    rows = (f"講義{n},動画,labour-economics,2026,,白浜 汐里,,,,,\n" for n in range(105))
    enter(office, HEAD + "".join(rows))
    who = holder("白浜 汐里")
    go = office.post(f"{BOARD}/chosen", data={"holder": who.id, "do": "letter_all"})
    assert len(go.location) < 4000
    page = office.get(go.location).text
    shown = re.findall('name="item" value="([^"]+)"', page)
    assert len(shown) == shelving.MOST_IN_A_LETTER
    data = {"uses": ["play"], "reach": "affiliate", "language": "ja", "item": shown}
    assert office.post(go.location, data=data).status_code == 303
    assert count(ConsentItem) == shelving.MOST_IN_A_LETTER
    assert office.get(go.location).text.count('name="item"') == 5


def answer(client: FlaskClient, who: Rightsholder, items: list[str], **data: Any) -> Any:
    query = {"holder": who.id, "item": items}
    form = {"uses": ["play", "display"], "reach": "affiliate", **data}
    return client.post(f"{BOARD}/answer", query_string=query, data=form)


def test_answers_are_entered_item_by_item(office: FlaskClient, course: Course, ask: Ask) -> None:
    del course
    enter(office)
    test_letter = office.post(
        f"{BOARD}/chosen", data={"holder": holder("白浜 汐里").id, "do": "letter_all"}
    ).location
    data = {"uses": ["play", "display", "download"], "reach": "affiliate", "language": "ja"}
    assert office.post(test_letter, data=data).status_code == 303
    speaker, film, paper = holder("白浜 汐里"), item("賃金の決まり方"), item("賃金の資料")
    one = chosen((film, "speaker"))
    assert answer(office, speaker, one, outcome="yes").status_code == 422  # no day
    assert answer(office, speaker, one, outcome="yes", signed_on="2027-01-01").status_code == 422
    said = answer(office, speaker, one, outcome="yes", signed_on="令和8年10月1日")
    assert said.status_code == 303
    request = db.session.scalars(select(ConsentRequest)).one()
    assert request.state == "open"
    two = chosen((paper, "slides"))
    wider = answer(
        office, speaker, two, outcome="narrower", signed_on="2026-10-01", reach="outside"
    )  # fmt: skip
    assert wider.status_code == 422
    narrower = answer(
        office, speaker, two, outcome="narrower", signed_on="2026-10-01",
        uses=["display"], reach="hq", last_on="2026-12-31",
    )  # fmt: skip
    assert narrower.status_code == 303
    assert states()["賃金の決まり方", "白浜 汐里"] is ItemState.YES
    assert states()["賃金の資料", "白浜 汐里"] is ItemState.NARROWER
    db.session.expire_all()
    assert request.state == "answered"
    grants = {
        row.recording_id: term.conditions
        for term, row in db.session.execute(
            select(AgreementTerm, Agreement).join(
                Agreement, Agreement.id == AgreementTerm.agreement_id
            )
        )
    }
    assert grants[paper.id]["actions"] == ["display"]
    assert grants[paper.id]["audience"] == {"reach": "hq"}
    assert grants[film.id]["actions"] == ["download", "play"]
    # Agreed, and still hidden: it is not published.
    assert ask("trainee", recording_id=film.id).code is Code.NOT_PUBLISHED
    assert answer(office, speaker, one, outcome="no").status_code == 422


def test_not_found_says_what_was_done_and_stays_unsigned(
    office: FlaskClient, course: Course, ask: Ask
) -> None:
    del course
    enter(office)
    who, old = holder("髙森 夏子"), item("古い講義")
    items = chosen((old, "speaker"))
    assert answer(office, who, items, outcome="not_found").status_code == 422
    note = "所属先に電話、2026年9月。転居先不明"
    assert answer(office, who, items, outcome="not_found", note=note).status_code == 303
    agreement = db.session.scalars(select(Agreement)).one()
    assert (agreement.status, agreement.outcome, agreement.note) == ("requested", "not_found", note)
    assert ask("trainee", recording_id=old.id).code is Code.RIGHTS_UNSIGNED
    page = office.get(BOARD).text
    assert note in page
    refused = office.post(f"{BOARD}/chosen", data={"item": items, "do": "take_on"})
    assert refused.status_code == 303
    assert item("古い講義").stage == Stage.RECORDED
    # Found after all, they are asked in the same lineage, so that the old request blocks nothing.
    said = answer(office, who, items, outcome="yes", signed_on="2026-10-10")
    assert said.status_code == 303
    assert {one.lineage for one in db.session.scalars(select(Agreement))} == {agreement.lineage}
    assert states()["古い講義", "髙森 夏子"] is ItemState.YES


def test_no_is_a_refusal(office: FlaskClient, course: Course, ask: Ask) -> None:
    del course
    enter(office)
    who, old = holder("髙森 夏子"), item("古い講義")
    assert answer(office, who, chosen((old, "speaker")), outcome="no").status_code == 303
    assert states()["古い講義", "髙森 夏子"] is ItemState.NO
    assert ask("trainee", recording_id=old.id).code is Code.RIGHTS_REFUSED


def test_a_group_is_answered_at_once(office: FlaskClient, course: Course) -> None:
    del course
    enter(office)
    speaker, film, paper = holder("白浜 汐里"), item("賃金の決まり方"), item("賃金の資料")
    both = chosen((film, "speaker"), (paper, "slides"))
    done = answer(office, speaker, both, outcome="yes", signed_on="2026-10-01")
    assert done.status_code == 303
    agreements = db.session.scalars(select(Agreement)).all()
    assert [one.status for one in agreements] == ["signed"] * 2
    uses = {tuple(one.answers["given"]["uses"]) for one in agreements}
    assert uses == {("play",), ("display",)}


def test_taken_on_it_waits_for_its_file_as_a_draft(
    office: FlaskClient, course: Course, ask: Ask
) -> None:
    del course
    enter(office)
    speaker, film = holder("白浜 汐里"), item("賃金の決まり方")
    items = chosen((film, "speaker"))
    assert office.post(f"{BOARD}/chosen", data={"item": items, "do": "take_on"}).status_code == 303
    assert item("賃金の決まり方").stage == Stage.RECORDED
    answer(office, speaker, items, outcome="yes", signed_on="2026-10-01", recording_consent="y")
    assert 'data-testid="do-take-on"' in office.get(BOARD).text
    assert office.post(f"{BOARD}/chosen", data={"item": items, "do": "take_on"}).status_code == 303
    taken = item("賃金の決まり方")
    assert taken.stage == Stage.DRAFT
    assert ("賃金の決まり方", "白浜 汐里") not in states()
    facts = db.session.get_one(RightsFacts, taken.id).facts
    assert facts["stage"] == "draft"
    assert facts["agreements"][0]["status"] == "signed"
    assert ask("trainee", recording_id=taken.id).code is Code.NOT_PUBLISHED
    assert office.post(f"{BOARD}/chosen", data={"item": items, "do": "take_on"}).status_code == 404


def test_a_holder_can_be_named_on_the_board(office: FlaskClient, course: Course) -> None:
    del course
    enter(office)
    lost = item("だれのものか")
    address = f"{BOARD}/items/{lost.id}/holder"
    assert office.get(address).status_code == 200
    data = {"kind": "slides", "name": "書手 一", "email": "", "kana": "かきて はじめ"}
    assert office.post(address, data={**data, "name": ""}).status_code == 422
    assert office.post(address, data={**data, "email": "x"}).status_code == 422
    assert office.post(address, data=data).status_code == 303
    assert states()["だれのものか", "書手 一"] is ItemState.NOT_ASKED
    assert office.post(address, data=data).status_code == 422
    assert holder("書手 一").kana == "カキテ ハジメ"


def test_it_is_hidden_everywhere_else(
    office: FlaskClient, sign_in: SignIn, cast: Cast, course: Course
) -> None:
    enter(office)
    speaker, film = holder("白浜 汐里"), item("賃金の決まり方")
    answer(office, speaker, chosen((film, "speaker")), outcome="yes", signed_on="2026-10-01")
    paper = item("賃金の資料")
    trainee = sign_in(cast.trainee)
    slug = db.session.get_one(Programme, course.programme_id).slug
    for address in (
        "/courses",
        f"/courses/{slug}/2026",
        "/my",
        "/my/schedule",
        "/my/record",
        f"/courses?q={film.title['ja']}",
        "/recordings",
        f"/recordings?q={film.title['ja']}",
    ):
        page = trainee.get(address, follow_redirects=True)
        assert page.status_code == 200, address
        assert film.id not in page.text, address
        assert paper.title["ja"] not in page.text, address
    for address in (
        f"/recordings/{film.id}",
        f"/recordings/{film.id}/transcript",
        f"/api/v1/recordings/{film.id}/probe",
        f"/api/v1/recordings/{film.id}/transcript",
        f"/recordings/{paper.id}",
        f"/recordings/{paper.id}/file.pdf",
        f"/recordings/{film.id}/cover.jpg",
    ):
        assert trainee.get(address).status_code == 404, address
    started = trainee.post(f"/api/v1/recordings/{film.id}/play-sessions", json={})
    assert started.status_code in {400, 404}


def test_only_the_desk_comes_here_and_sees_its_own(
    office: FlaskClient, sign_in: SignIn, cast: Cast, course: Course
) -> None:
    enter(office)
    for person in (cast.trainee, cast.coordinator, cast.stranger):
        client = sign_in(person)
        for address in (BOARD, f"{BOARD}/import", f"{BOARD}/files", f"{BOARD}/template.xlsx"):
            assert client.get(address).status_code == 404
        assert send(client, ROWS).status_code == 404
    with unit_of_work():
        grant(cast.front_desk, Role.RIGHTS_OFFICER, f"programme:{course.programme_id}")
        grant(cast.speaker, Role.RIGHTS_OFFICER, f"programme:{'0' * 26}")
    here, elsewhere = sign_in(cast.front_desk), sign_in(cast.speaker)
    assert "賃金の決まり方" in here.get(BOARD).text
    assert "賃金の決まり方" not in elsewhere.get(BOARD).text
    film, who = item("賃金の決まり方"), holder("白浜 汐里")
    query = {"holder": who.id, "item": chosen((film, "speaker"))}
    assert here.get(f"{BOARD}/answer", query_string=query).status_code == 200
    assert elsewhere.get(f"{BOARD}/answer", query_string=query).status_code == 404
    assert elsewhere.get(f"{BOARD}/items/{film.id}/holder").status_code == 404
    enter(here, HEAD + "係の講義,動画,labour-economics,2026,,,,,,,\n")
    assert item("係の講義").stage == Stage.RECORDED
    page = send(elsewhere, HEAD + "よその講義,動画,labour-economics,2026,,,,,,,\n")
    assert 'data-testid="confirm-import"' not in elsewhere.get(page.location).text
    forged = send(elsewhere, HEAD + "三,動画,,,,,,,,,\n", f"edition:{course.edition_id}")
    assert forged.status_code == 422


@pytest.mark.parametrize(
    "query",
    [{}, {"holder": "x", "item": "y"}, {"holder": "0" * 26, "item": f"{'0' * 26}.speaker"},
     {"q": "\0", "page": "-1", "state": "x", "programme": "\0"}],
)  # fmt: skip
def test_altered_addresses_lead_nowhere(
    office: FlaskClient, course: Course, query: dict[str, str]
) -> None:
    del course
    assert office.get(BOARD, query_string=query).status_code == 200
    assert office.get(f"{BOARD}/letter", query_string=query).status_code == 404
    assert office.get(f"{BOARD}/answer", query_string=query).status_code == 404
    assert office.get(f"{BOARD}/imports/{'0' * 26}").status_code == 404
    assert office.post(f"{BOARD}/chosen", data={"do": "letter"}).status_code == 303
    odd = {"do": "x", "holder": "0" * 26, "item": f"{'0' * 26}.speaker"}
    assert office.post(f"{BOARD}/chosen", data=odd).status_code == 404


def many(start: int, number: int) -> str:
    return HEAD + "".join(
        f"講義{n},動画,labour-economics,2026,2019-06-14,講師 {n % 300},大学{n % 300},"
        f"s{n % 300}@example.org,file{n}.mp4,棚{n},\n"
        for n in range(start, start + number)
    )


def test_a_thousand_rows_cost_no_more_questions_than_a_few(
    office: FlaskClient, course: Course
) -> None:
    del course

    def cost(text: str) -> tuple[int, int]:
        with counted() as preview:
            sent = send(office, text)
        with counted() as confirm:
            office.post(f"{sent.location.split('?')[0]}/confirm")
        return len(preview), len(confirm)

    few, thousand = cost(many(10_000, 20)), cost(many(0, 1000))
    assert count(ShelfItem) == 1020
    assert thousand[0] == few[0]
    # Five kinds of reading and writing, each in pieces of some hundred rows.
    assert thousand[1] - few[1] <= 40, (few, thousand)


def test_the_board_asks_the_same_number_of_questions_whatever_stands_on_it(
    office: FlaskClient, course: Course
) -> None:
    del course
    numbers = []
    page = ""
    for start, more in ((0, 1), (1, 30), (31, 300)):
        enter(office, many(start, more))
        office.get(BOARD)  # so that what is kept for some seconds is at hand
        with counted() as statements:
            page = office.get(BOARD).text
        numbers.append(len(statements))
    assert len(set(numbers)) == 1, numbers
    assert page.count('data-testid="choose"') == 50
    last = office.get(f"{BOARD}?page=7").text
    assert last.count('data-testid="choose"') == 31
    found = office.get(f"{BOARD}?q=講義{330}").text
    assert found.count('data-testid="choose"') == 1
    assert office.get(f"{BOARD}?state=yes").text.count('data-testid="choose"') == 0


def test_an_archived_course_takes_nothing_without_an_edition(
    cast: Cast, course: Course, office: FlaskClient
) -> None:
    with unit_of_work():
        db.session.get_one(Programme, course.programme_id).archived_at = NOW
    sheet, _sha256 = shelving.read_file((HEAD + "一,動画,labour-economics,,,,,,,,\n").encode())
    (row,) = shelving.judge_sheet(cast.actor("organiser"), sheet, None, NOW)
    assert [fault.code for fault in row.faults] == ["course_closed"]
    enter(office, HEAD + "二,動画,labour-economics,2026,,,,,,,\n")
    assert item("二").edition_id == course.edition_id
    with pytest.raises(Exception, match="place_unknown"):
        shelving.judge_sheet(
            cast.actor("organiser"), sheet, Place(programme_id=course.programme_id), NOW
        )


def ask_all(client: FlaskClient, who: Rightsholder) -> ConsentRequest:
    go = client.post(f"{BOARD}/chosen", data={"holder": who.id, "do": "letter_all"}).location
    data = {"uses": ["play", "display"], "reach": "affiliate", "language": "ja"}
    asked = client.post(go, data=data)
    assert asked.status_code == 303
    db.session.rollback()
    request = db.session.scalars(
        select(ConsentRequest).where(ConsentRequest.rightsholder_id == who.id)
    ).one()
    if request.sent_at is None:
        assert asked.location.endswith(f"/desk/rights/requests/{request.id}")
    return request


def test_without_an_address_the_letter_is_printed(office: FlaskClient, course: Course) -> None:
    del course
    enter(office)
    request = ask_all(office, holder("髙森 夏子"))
    assert request.sent_at is None
    assert office.get(f"/desk/rights/requests/{request.id}").status_code == 200
    assert f"/desk/rights/requests/{request.id}" in office.get(BOARD).text


def test_answers_to_the_letter_itself_show_on_the_board(
    office: FlaskClient, course: Course, cast: Cast, ask: Ask
) -> None:
    del course
    enter(office)
    request = ask_all(office, holder("白浜 汐里"))
    given = {
        "賃金の決まり方": ItemAnswer("yes"),
        "賃金の資料": ItemAnswer("not_mine", other="書手"),
    }
    answers = {}
    for one, recording in db.session.execute(
        select(ConsentItem, Recording)
        .join(Agreement, Agreement.id == ConsentItem.agreement_id)
        .join(Recording, Recording.id == Agreement.recording_id)
    ):
        answers[one.id] = given[recording.title["ja"]]
    with unit_of_work():
        enter_paper(
            cast.actor("organiser"), request.id, answers, NOW, signed_on=date(2026, 10, 1),
            document_key="x", document_name="x.pdf", document_sha256="0" * 64,
        )  # fmt: skip
    assert states()["賃金の決まり方", "白浜 汐里"] is ItemState.YES
    assert states()["賃金の資料", "白浜 汐里"] is ItemState.NOT_MINE
    page = office.get(BOARD).text
    assert "書手" in page
    film, paper = item("賃金の決まり方"), item("賃金の資料")
    office.post(f"{BOARD}/chosen", data={"item": chosen((film, "speaker")), "do": "take_on"})
    assert item("賃金の決まり方").stage == Stage.DRAFT
    # Who holds nothing is waited for no more: the one who does is enough.
    assert ask("trainee", "display", recording_id=paper.id).code is Code.RIGHTS_MISSING
    data = {"kind": "slides", "name": "書手 一"}
    office.post(f"{BOARD}/items/{paper.id}/holder", data=data)
    other = holder("書手 一")
    answer(office, other, chosen((paper, "slides")), outcome="yes", signed_on="2026-10-02")
    assert ask("trainee", "display", recording_id=paper.id).code is Code.NOT_PUBLISHED


def test_an_answer_by_telephone_counts_for_the_open_letter(
    office: FlaskClient, course: Course
) -> None:
    del course
    enter(office)
    who, old = holder("髙森 夏子"), item("古い講義")
    request = ask_all(office, who)
    note = "電話で問い合わせたが連絡先不明"
    done = answer(office, who, chosen((old, "speaker")), outcome="not_found", note=note)
    assert done.status_code == 303
    db.session.expire_all()
    one = db.session.scalars(select(ConsentItem)).one()
    assert (one.outcome, one.answer, request.state) == ("not_found", {}, "answered")
    assert office.get(f"/desk/rights/requests/{request.id}").status_code == 200
    assert states()["古い講義", "髙森 夏子"] is ItemState.NOT_FOUND


def test_the_rest_of_a_letter_is_answered_after_an_item_was_settled_otherwise(
    office: FlaskClient, course: Course, cast: Cast
) -> None:
    del course
    enter(office)
    who, film, paper = holder("白浜 汐里"), item("賃金の決まり方"), item("賃金の資料")
    request = ask_all(office, who)
    note = "著者と分からず、出版元に照会中"
    done = answer(office, who, chosen((paper, "slides")), outcome="not_found", note=note)
    assert done.status_code == 303
    of_film = select(ConsentItem.id).join(Agreement).where(Agreement.recording_id == film.id)
    answers = {db.session.scalars(of_film).one(): ItemAnswer("yes")}
    with unit_of_work():
        draft_answers(request.id, answers, NOW)
    with unit_of_work():
        enter_paper(
            cast.actor("organiser"), request.id, answers, NOW, signed_on=date(2026, 10, 1),
            document_key="x", document_name="x.pdf", document_sha256="0" * 64,
        )  # fmt: skip
    assert states()["賃金の決まり方", "白浜 汐里"] is ItemState.YES
    assert states()["賃金の資料", "白浜 汐里"] is ItemState.NOT_FOUND
    kept = dict(db.session.execute(select(Agreement.recording_id, Agreement.document_key)).all())
    assert kept == {film.id: "x", paper.id: ""}  # the scan is no evidence of the other


def test_a_list_that_nobody_entered_is_forgotten_with_the_names_in_it(
    app: Flask, office: FlaskClient, course: Course
) -> None:
    del course
    enter(office)
    send(office, ROWS)
    with time_machine.travel(NOW + timedelta(days=10), tick=False):
        send(office, ROWS)
    with time_machine.travel(NOW + timedelta(days=31), tick=False):
        while run_worker(app, once=True):
            pass
    db.session.rollback()
    kept = db.session.scalars(select(ShelfImport).order_by(ShelfImport.created_at)).all()
    assert [(one.state, bool(one.rows)) for one in kept] == [("taken", False), ("preview", True)]


def test_a_wrong_name_is_taken_off_while_nobody_was_asked(
    office: FlaskClient, course: Course
) -> None:
    del course
    enter(office)
    who, film, paper = holder("白浜 汐里"), item("賃金の決まり方"), item("賃金の資料")
    data = {"holder": who.id, "item": chosen((film, "speaker")), "do": "unname"}
    assert office.post(f"{BOARD}/chosen", data=data).status_code == 303
    assert states()["賃金の決まり方", ""] is ItemState.NOT_ASKED
    answer(office, who, chosen((paper, "slides")), outcome="no")
    office.post(f"{BOARD}/chosen", data={**data, "item": chosen((paper, "slides"))})
    assert states()["賃金の資料", "白浜 汐里"] is ItemState.NO
