"""The clearing board over all recordings, and asking for one part."""

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from bench.world import counted
from lms.courses.models import Edition, Programme
from lms.infra.db import db, unit_of_work
from lms.kernel.actor import Role
from lms.kernel.clock import from_ms
from lms.people.queries import find_actor
from lms.recordings.models import Recording
from lms.rights.models import Agreement, AgreementTerm, ConsentRequest, Rightsholder, Segment
from lms.rights.operations import SegmentDetails, delete_segment, mark_segment, rewrite_facts
from lms.rights.queries.segments import PER_COLUMN, read_board
from lms.rights.rules import Code, Decision
from lms.rights.rules.segments import Column
from tests.conftest import NOW, Cast, add_person, grant
from tests.rights.conftest import Course, Desk, add_recording, granted

SignIn = Callable[[Any], FlaskClient]
Ask = Callable[..., Decision]


@pytest.fixture(autouse=True)
def today() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def office(sign_in: SignIn, cast: Cast) -> FlaskClient:
    return sign_in(cast.organiser)


def mark(desk: Desk, a: int, **more: Any) -> str:
    recording_id = more.pop("recording_id", desk.course.recording_id)
    with unit_of_work():
        details = SegmentDetails(a, a + 1000, **more)
        return mark_segment(desk.actor, recording_id, details, NOW).id


def totals(desk: Desk, **wanted: Any) -> dict[Column, int]:
    board = read_board(desk.actor, NOW, **wanted)
    return {one.column: one.total for one in board.columns if one.total}


def test_every_part_stands_in_its_column(desk: Desk) -> None:
    mark(desk, 0)
    mark(desk, 1000, way="ask", kind="music")
    mark(desk, 2000, way="exempt", basis="statute")
    mark(desk, 3000, way="cut")
    mark(desk, 4000, way="replace", kind="music")
    assert totals(desk) == dict.fromkeys(Column, 1)
    assert totals(desk, kind="music") == {Column.ASKED: 1, Column.REPLACED: 1}
    assert totals(desk, programme_id=desk.course.programme_id) == dict.fromkeys(Column, 1)
    assert totals(desk, programme_id="0" * 26) == {}


def test_the_board_moves_parts(office: FlaskClient, desk: Desk) -> None:
    key = mark(desk, 0)
    shown = office.get("/desk/rights/clearing").text
    assert shown.count('data-testid="board-item"') == 1
    for way, column in (("cut", Column.CUT), ("replace", Column.REPLACED), ("", Column.UNRESOLVED)):
        assert office.post(f"/desk/segments/{key}/clear", data={"way": way}).status_code == 303
        assert totals(desk) == {column: 1}
    for way in ("exempt", "ask", "burn"):  # those have pages of their own
        assert office.post(f"/desk/segments/{key}/clear", data={"way": way}).status_code == 422
    assert totals(desk) == {Column.UNRESOLVED: 1}


def test_exempt_needs_its_basis(office: FlaskClient, desk: Desk) -> None:
    key = mark(desk, 0)
    page = f"/desk/segments/{key}/exempt"
    assert office.get(page).status_code == 200
    for data, field in (
        ({}, "basis"), ({"basis": "luck"}, "basis"), ({"basis": "contract"}, "basis_note"),
    ):  # fmt: skip
        answer = office.post(page, data=data)
        assert answer.status_code == 422
        assert f'id="{field}-error"' in answer.text
    good = {"basis": "contract", "basis_note": "2025年の契約 第4条"}
    assert office.post(page, data=good).status_code == 303
    assert totals(desk) == {Column.EXEMPT: 1}
    assert "第4条" in office.get("/desk/rights/clearing").text


ASK = {
    "holder": "new", "name": "歌詞 守", "organisation": "青空合唱団", "email": "song@demo.example",
    "language": "ja", "kind": "music", "uses": ["play"], "reach": "affiliate",
    "first_on": "", "last_on": "2026-12-31", "credit": "作詞 歌詞守",
}  # fmt: skip


def test_asking_for_a_part(office: FlaskClient, desk: Desk, course: Course, ask: Ask) -> None:
    desk.agree(grants=(granted("outside"),))
    desk.publish()
    key = mark(desk, 10_000, kind="music")
    page = f"/desk/segments/{key}/ask"
    assert office.get(page).status_code == 200
    assert office.post(page, data={**ASK, "send": "y", "due_on": "2026-11-30"}).status_code == 303
    agreement = db.session.scalars(select(Agreement).where(Agreement.scope == "segment")).one()
    assert (agreement.status, agreement.kind, agreement.holder_name) == (
        "requested", "music", "歌詞 守",
    )  # fmt: skip
    segment = db.session.get_one(Segment, key)
    assert (segment.lineages, segment.disposition) == ([agreement.lineage], "needs_agreement")
    request = db.session.scalars(select(ConsentRequest)).one()
    assert request.sent_at is not None
    assert ask("trainee").obligations.hide == ((10_000, 11_000),)
    board = office.get("/desk/rights/clearing").text
    assert "歌詞 守" in board
    with unit_of_work():  # signed
        row = db.session.get_one(Agreement, agreement.id)
        row.status, row.signed_at = "signed", NOW
        rewrite_facts(course.recording_id, NOW)
    assert ask("trainee").obligations.hide == ()
    assert ask("trainee").obligations.attribution == ("作詞 歌詞守",)


def test_the_agreement_of_a_part_says_nothing_about_the_rest(
    office: FlaskClient, desk: Desk, ask: Ask
) -> None:
    key = mark(desk, 10_000)
    assert office.post(f"/desk/segments/{key}/ask", data=ASK).status_code == 303
    assert Code.RIGHTS_MISSING in ask("trainee").reasons


def test_one_who_holds_several_parts_is_asked_once(office: FlaskClient, desk: Desk) -> None:
    first, second = mark(desk, 0), mark(desk, 5000)
    assert office.post(f"/desk/segments/{first}/ask", data=ASK).status_code == 303
    [lineage] = db.session.get_one(Segment, first).lineages
    assert 'data-testid="link-agreement"' in office.get(f"/desk/segments/{second}/ask").text
    link = f"/desk/segments/{second}/link"
    assert office.post(link, data={"lineage": "x"}).status_code == 422
    assert office.post(link, data={"lineage": lineage}).status_code == 303
    assert db.session.get_one(Segment, second).lineages == [lineage]
    unlink = f"/desk/segments/{second}/unlink"
    assert office.post(unlink, data={"lineage": lineage}).status_code == 303
    assert db.session.get_one(Segment, second).lineages == []
    # The same address is the same rightsholder.
    assert office.post(f"/desk/segments/{second}/ask", data=ASK).status_code == 303
    assert len(db.session.scalars(select(Rightsholder)).all()) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"email": "nowhere"}, "email"),
        ({"uses": []}, "uses"),
        ({"uses": ["fly"]}, "uses"),
        ({"kind": "ghost"}, "kind"),
        ({"reach": "moon"}, "reach"),
        ({"holder": "x"}, "holder"),
        ({"first_on": "2027-01-02", "last_on": "2027-01-01"}, "last_on"),
        ({"send": "y", "due_on": "2026-01-01"}, "due_on"),
    ],
)
def test_bad_input_of_a_request_writes_nothing(
    office: FlaskClient, desk: Desk, change: dict[str, Any], field: str
) -> None:
    key = mark(desk, 0)
    answer = office.post(f"/desk/segments/{key}/ask", data={**ASK, **change})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert db.session.scalars(select(Agreement)).all() == []
    assert db.session.scalars(select(AgreementTerm)).all() == []
    assert db.session.scalars(select(Rightsholder)).all() == []
    assert db.session.get_one(Segment, key).disposition == "unresolved"


def test_others_courses_are_not_on_the_board(cast: Cast, desk: Desk) -> None:
    mark(desk, 0)
    with unit_of_work():
        programme = Programme(
            slug="other", kind="series", title={"ja": "別の講座"}, summary={}, purpose={},
            audience={}, languages=["ja"], created_at=NOW,
        )  # fmt: skip
        db.session.add(programme)
        db.session.flush()
        edition = Edition(
            programme_id=programme.id, slug="2026", title={"ja": "2026年"}, mode="web",
            languages=["ja"], state="published", created_at=NOW,
        )  # fmt: skip
        db.session.add(edition)
        db.session.flush()
        other = add_recording(edition.id).id
        grant(cast.stranger, Role.ORGANISER, f"programme:{programme.id}")
        officer = add_person("rights4", "権藤", "守")
        grant(officer, Role.RIGHTS_OFFICER, f"recording:{other}")
    mark(desk, 0, recording_id=other, kind="music")
    assert totals(desk) == {Column.UNRESOLVED: 2}
    assert len(read_board(desk.actor, NOW).programmes) == 2
    for person in (cast.stranger, officer):
        actor = find_actor(person.id, person.session_epoch, NOW)
        assert actor is not None
        board = read_board(actor, NOW)
        [item] = [item for column in board.columns for item in column.items]
        assert item.segment.kind == "music"
        assert [key for key, _title in board.programmes] == [programme.id]


@pytest.mark.parametrize("who", ["trainee", "coordinator", "speaker"])
def test_the_board_is_not_there_for_others(sign_in: SignIn, cast: Cast, who: str) -> None:
    assert sign_in(getattr(cast, who)).get("/desk/rights/clearing").status_code == 404


def test_deleted_recordings_leave_the_board(desk: Desk) -> None:
    mark(desk, 0)
    with unit_of_work():
        db.session.get_one(Recording, desk.course.recording_id).stage = "destroyed"
    assert totals(desk) == {}


@pytest.mark.parametrize("query", ["?kind=ghost", "?programme=x", "?kind=%00&programme=%00"])
def test_nonsense_in_the_filters(office: FlaskClient, desk: Desk, query: str) -> None:
    mark(desk, 0)
    assert office.get(f"/desk/rights/clearing{query}").status_code == 200


def test_the_board_is_bounded(office: FlaskClient, desk: Desk, course: Course) -> None:
    def count() -> int:
        db.session.remove()
        with counted() as sent:
            assert office.get("/desk/rights/clearing").status_code == 200
        return len(sent)

    desk.agree()
    office.post(f"/desk/segments/{mark(desk, 0)}/ask", data=ASK)
    count()
    few = count()
    lineage = db.session.scalars(
        select(Agreement.lineage).where(Agreement.scope == "segment")
    ).one()
    with unit_of_work():
        for place in range(PER_COLUMN + 5):
            db.session.add(
                Segment(
                    recording_id=course.recording_id, a=place, b=place + 1, way="ask",
                    disposition="needs_agreement", lineages=[lineage],
                    created_at=from_ms(1_700_000_000_000 + place),
                )
            )  # fmt: skip
    count()
    assert count() == few
    board = read_board(desk.actor, NOW)
    asked = next(one for one in board.columns if one.column is Column.ASKED)
    assert (asked.total, len(asked.items)) == (PER_COLUMN + 6, PER_COLUMN)
    with unit_of_work():
        delete_segment(desk.actor, asked.items[0].segment.id, NOW)
    assert totals(desk)[Column.ASKED] == PER_COLUMN + 5
