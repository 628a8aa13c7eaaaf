"""The front desk: taps, tickets, walk-ins, paper, the board, and the papers to print."""

import io
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from html import unescape
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import event, func, select, update

from lms.courses.models import Edition
from lms.enrolment.errors import EnrolmentError
from lms.enrolment.models import Enrolment, EnrolmentState
from lms.infra.audit.models import AuditEntry
from lms.infra.current import current_settings
from lms.infra.db import db, unit_of_work
from lms.infra.mail.models import OutboxMail
from lms.infra.mail.rendering import render_text
from lms.kernel.actor import Actor
from lms.kernel.errors import NotFoundError
from lms.kernel.ids import PersonId
from lms.people.models import Person
from lms.rights.queries.retention import preview_retention
from lms.sessions import queries
from lms.sessions.errors import DeskRefusedError, SessionInputError
from lms.sessions.events import AttendanceChanged
from lms.sessions.models import CheckIn, DeskHand, MissingCall, TicketIssue, WalkIn
from lms.sessions.operations import cancel_live_session
from lms.sessions.operations.checking_in import (
    PaperLine,
    ShownResult,
    check_in,
    check_in_by_ticket,
    enter_paper,
    undo_check_in,
)
from lms.sessions.operations.tickets import renew_own_ticket
from lms.sessions.operations.walk_ins import (
    call_missing,
    dismiss_walk_in,
    enrol_walk_in,
    name_desk_hand,
    note_walk_in,
)
from lms.sessions.queries import door
from lms.sessions.rules.checking_in import Shown
from lms.sessions.rules.tickets import MOST_ISSUES, short_code, ticket_text
from lms.sessions.texts.desk import shown_text
from lms.worker import run_worker
from tests.at_once import at_once
from tests.conftest import add_person
from tests.sessions.conftest import ENDS_AT, STARTS_AT, World, add_edition

SignIn = Callable[[Person], FlaskClient]
SECRET = b"t" * 64
VENUE = {"venue_name": {"ja": "東和会館 3階", "en": "Towa Hall, third floor"}}
ARRIVAL = STARTS_AT - timedelta(minutes=8)  # 15:52 in Japan
JSON = {"Accept": "application/json"}


@pytest.fixture(autouse=True)
def _sign_in_before() -> Iterator[None]:
    """Let people sign in two days before, since a cookie from later is refused."""
    with time_machine.travel(STARTS_AT - timedelta(days=2), tick=False):
        yield


@pytest.fixture
def key(world: World) -> str:
    """A session in a room and on the web, with three people enrolled."""
    world.enrol(world.cast.trainee, "venue")
    world.enrol(world.cast.other_trainee, "venue")
    world.enrol(world.cast.overseas)
    return world.add(**VENUE)


@pytest.fixture
def hand(world: World) -> Actor:
    """A person of the front desk, who holds no role at all."""
    with unit_of_work():
        name_desk_hand(world.organiser, world.edition_id, "frontdesk", at=world.now)
    return world.cast.actor("front_desk")


def enrolment_of(person: Person) -> str:
    return db.session.scalars(select(Enrolment.id).where(Enrolment.person_id == person.id)).one()


def ticket_of(person: Person) -> str:
    return ticket_text(SECRET, enrolment_of(person))


def show(actor: Actor, key: str, text: str, at: datetime = ARRIVAL) -> ShownResult:
    with unit_of_work():
        return check_in_by_ticket(actor, key, text, secret=SECRET, at=at)


def open_ones(key: str) -> list[CheckIn]:
    db.session.rollback()
    return list(
        db.session.scalars(
            select(CheckIn)
            .where(CheckIn.live_session_id == key, CheckIn.undone_at.is_(None))
            .order_by(CheckIn.id)
        )
    )


def text_of(client: FlaskClient, path: str, status: int = 200, **more: Any) -> str:
    answer = client.get(path, **more)
    assert answer.status_code == status, path
    return unescape(answer.get_data(as_text=True))


# --- taps ----------------------------------------------------------------------------------------


def test_a_tap_checks_in_once_and_an_undo_is_kept(
    world: World, key: str, hand: Actor, heard: list[object]
) -> None:
    person = world.cast.trainee
    with unit_of_work():
        first = check_in(hand, key, person.id, at=ARRIVAL)
    with unit_of_work():
        second = check_in(world.organiser, key, person.id, at=ARRIVAL + timedelta(minutes=1))

    assert (first.outcome, first.at) == (Shown.DONE, ARRIVAL)
    assert (second.outcome, second.at, second.by_name) == (Shown.ALREADY, ARRIVAL, "受川 昇")
    [row] = open_ones(key)
    assert (row.source, row.way, row.by_id) == ("tap", "venue", world.cast.front_desk.id)

    with unit_of_work():
        assert undo_check_in(hand, key, person.id, at=ARRIVAL + timedelta(minutes=2))
    with unit_of_work():
        assert not undo_check_in(hand, key, person.id, at=ARRIVAL + timedelta(minutes=2))

    assert open_ones(key) == []
    [kept] = db.session.scalars(select(CheckIn)).all()
    assert kept.undone_by == world.cast.front_desk.id
    changes = [e for e in heard if isinstance(e, AttendanceChanged)]
    assert [e.person_id for e in changes] == [person.id, person.id]

    with unit_of_work():
        again = check_in(hand, key, person.id, at=ARRIVAL + timedelta(minutes=3))
    assert again.outcome is Shown.DONE
    assert len(open_ones(key)) == 1


def test_two_desks_that_tap_at_once_write_one(world: World, key: str, app: Flask) -> None:
    act = partial(check_in, world.organiser, key, world.cast.trainee.id, at=ARRIVAL)

    assert at_once(app, [act] * 4) == []

    assert len(open_ones(key)) == 1
    acts = db.session.scalars(select(AuditEntry.action).where(AuditEntry.action == "check_in.done"))
    assert len(acts.all()) == 1


def test_a_tap_is_refused_at_the_wrong_time_and_for_who_has_no_seat(
    world: World, key: str, hand: Actor
) -> None:
    day_before = STARTS_AT - timedelta(days=1)
    for person, at, code in (
        (world.cast.trainee, day_before, "not_now"),
        (world.cast.trainee, ENDS_AT + timedelta(hours=4), "not_now"),
        (world.cast.stranger, ARRIVAL, "not_enrolled"),
    ):
        with pytest.raises(DeskRefusedError) as refused, unit_of_work():
            check_in(hand, key, person.id, at=at)
        assert refused.value.code == code
    with unit_of_work():
        cancel_live_session(world.organiser, key, at=world.now)
    with pytest.raises(DeskRefusedError) as refused, unit_of_work():
        check_in(hand, key, world.cast.trainee.id, at=ARRIVAL)
    assert refused.value.code == "cancelled"
    assert open_ones(key) == []


@pytest.mark.parametrize("name", ["stranger", "trainee", "coordinator", "auditor", "speaker"])
def test_nobody_else_sits_at_the_desk(world: World, key: str, name: str, sign_in: SignIn) -> None:
    with pytest.raises(NotFoundError):
        check_in(world.cast.actor(name), key, world.cast.trainee.id, at=ARRIVAL)
    with pytest.raises(NotFoundError):
        show(world.cast.actor(name), key, ticket_of(world.cast.trainee))
    client = sign_in(getattr(world.cast, name))
    for path in ("check-in", "check-in/state", "check-in/find?q=a", "paper", "board", "badges.pdf"):
        assert client.get(f"/desk/sessions/{key}/{path}").status_code == 404, path


def test_who_sits_at_the_desk_sees_the_list_and_nothing_of_the_organisers(
    world: World, key: str, hand: Actor, sign_in: SignIn
) -> None:
    del hand
    client = sign_in(world.cast.front_desk)
    with time_machine.travel(ARRIVAL, tick=False):
        page = text_of(client, f"/desk/sessions/{key}/check-in")
        assert "山瀬 春夫" in page
        assert "canary" not in page
        for path in ("board", "board/state", "attendance", "badges.pdf", "seating", ""):
            answer = client.get(f"/desk/sessions/{key}/{path}".rstrip("/"))
            assert answer.status_code == 404, path
        front = text_of(client, f"/desk/editions/{world.edition_id}/front-desk")
    assert f"/desk/sessions/{key}/check-in" in front
    assert 'data-testid="hands"' not in front


def test_the_organiser_names_and_dismisses_who_sits_at_the_desk(
    world: World, key: str, sign_in: SignIn
) -> None:
    organiser = sign_in(world.cast.organiser)
    path = f"/desk/editions/{world.edition_id}/front-desk"
    with time_machine.travel(world.now, tick=False):
        assert organiser.post(path, data={"handle": "nobody"}).status_code == 422
        assert organiser.post(path, data={"handle": "frontdesk"}).status_code == 303
        assert organiser.post(path, data={"handle": "frontdesk"}).status_code == 422
        mails = db.session.scalars(
            select(OutboxMail.person_id).where(OutboxMail.template == "desk_hand_named")
        ).all()
        assert mails == [world.cast.front_desk.id]
        desk = sign_in(world.cast.front_desk)
        assert desk.get(f"/desk/sessions/{key}/check-in").status_code == 200
        assert desk.post(path, data={"handle": "stranger"}).status_code == 404
        gone = organiser.post(f"{path}/{world.cast.front_desk.id}/dismiss")
        assert gone.status_code == 303
        assert desk.get(f"/desk/sessions/{key}/check-in").status_code == 404
    assert db.session.scalar(select(func.count()).select_from(DeskHand)) == 0


def test_names_of_nobody_known_are_forgotten_after_their_time(
    app: Flask, world: World, key: str, hand: Actor
) -> None:
    with unit_of_work():
        note_walk_in(hand, key, name="鈴原 某", organisation="某組合", at=ARRIVAL)
        db.session.add(
            WalkIn(
                live_session_id=key,
                person_id=world.cast.stranger.id,
                at=ARRIVAL,
                by_id=world.organiser.person_id,
                state="enrolled",
            )
        )

    def notes() -> list[str]:
        db.session.rollback()
        return sorted(one.name for one in db.session.scalars(select(WalkIn)))

    for days, kept in ((364, ["", "鈴原 某"]), (366, [""])):
        at = ARRIVAL + timedelta(days=days)
        [line] = [one for one in preview_retention(at) if one.kind.name == "walk_ins"]
        assert line.count == 2 - len(kept)
        with time_machine.travel(at, tick=False):
            while run_worker(app, once=True):
                pass
        assert notes() == kept


# --- tickets -------------------------------------------------------------------------------------


def test_a_ticket_and_its_code_check_in(world: World, key: str, hand: Actor) -> None:
    shown = show(hand, key, ticket_of(world.cast.trainee))
    typed = show(hand, key, short_code(SECRET, enrolment_of(world.cast.other_trainee)).lower())

    assert (shown.outcome, shown.name) == (Shown.DONE, "山瀬 春夫")
    assert (typed.outcome, typed.name) == (Shown.DONE, "髙森 夏子")
    assert [row.source for row in open_ones(key)] == ["qr", "qr"]


def test_a_ticket_shown_twice_says_when_and_by_whom(world: World, key: str, hand: Actor) -> None:
    ticket = ticket_of(world.cast.trainee)
    show(hand, key, ticket)
    second = show(world.organiser, key, ticket, ARRIVAL + timedelta(minutes=20))

    assert (second.outcome, second.at, second.by_name) == (Shown.ALREADY, ARRIVAL, "受川 昇")
    assert len(open_ones(key)) == 1


def test_a_ticket_shown_in_two_rooms_at_once_is_a_copy(world: World, key: str, hand: Actor) -> None:
    other = world.add(title={"ja": "分科会B"}, **VENUE)
    ticket = ticket_of(world.cast.trainee)
    during = STARTS_AT + timedelta(minutes=5)
    show(hand, key, ticket)

    second = show(hand, other, ticket, during)

    assert (second.outcome, second.at) == (Shown.COPIED, ARRIVAL)
    assert second.elsewhere == {"ja": "第4部 Web懇談会", "en": "Part 4: web round-table"}
    assert open_ones(other) == []
    assert db.session.scalar(
        select(func.count())
        .select_from(AuditEntry)
        .where(AuditEntry.action == "check_in.copied_ticket")
    )
    with unit_of_work():  # the desk asked for the name
        assert check_in(hand, other, world.cast.trainee.id, at=during).outcome is Shown.DONE


def test_a_ticket_goes_with_its_person_to_the_next_session(
    world: World, key: str, hand: Actor
) -> None:
    later = world.add(
        starts_local=datetime(2026, 10, 12, 18, 0),  # noqa: DTZ001 - wall time
        ends_local=datetime(2026, 10, 12, 19, 0),  # noqa: DTZ001
        **VENUE,
    )
    ticket = ticket_of(world.cast.trainee)
    show(hand, key, ticket)
    assert show(hand, later, ticket, ENDS_AT + timedelta(minutes=10)).outcome is Shown.DONE


def test_a_new_ticket_makes_the_old_one_useless_at_once(
    app: Flask, world: World, key: str, hand: Actor
) -> None:
    trainee = world.cast.trainee
    old, old_code = ticket_of(trainee), short_code(SECRET, enrolment_of(trainee))
    with unit_of_work():
        renew_own_ticket(world.cast.actor("trainee"), world.edition_id, at=world.now)

    shown, typed = show(hand, key, old), show(hand, key, old_code)

    assert (shown.outcome, shown.name, shown.at) == (Shown.REPLACED, "山瀬 春夫", world.now)
    assert typed.outcome is Shown.REPLACED
    assert not shown.outcome.is_in
    assert open_ones(key) == []
    with app.test_request_context(headers={"Accept-Language": "en"}):
        assert "replaced by a new one" in shown_text(shown, queries.get_live_session(key))
    new = ticket_text(SECRET, enrolment_of(trainee), 1)
    assert show(hand, key, new).outcome is Shown.DONE
    code = short_code(SECRET, enrolment_of(trainee), 1)
    assert show(hand, key, code).outcome is Shown.ALREADY
    told = select(OutboxMail.person_id).where(OutboxMail.template == "ticket_renewed")
    assert db.session.scalars(told).all() == [trainee.id]


def test_the_office_issues_a_new_ticket_for_somebody(
    world: World, key: str, hand: Actor, sign_in: SignIn
) -> None:
    trainee, stranger = world.cast.trainee, world.cast.stranger
    page = f"/desk/editions/{world.edition_id}/front-desk"
    office = sign_in(world.cast.organiser)

    assert office.post(f"{page}/ticket", data={"participant": ""}).status_code == 422
    for unknown in ("nobody@nowhere.example", stranger.login_id):
        refused = office.post(f"{page}/ticket", data={"participant": unknown})
        assert refused.status_code == 422
        assert "error-summary" in refused.text
    assert office.post(f"{page}/ticket", data={"participant": trainee.login_id}).status_code == 303
    assert show(hand, key, ticket_of(trainee)).outcome is Shown.REPLACED
    assert sign_in(world.cast.speaker).post(f"{page}/ticket").status_code == 404


def test_ones_own_new_ticket_is_shown_and_nobody_gets_too_many(
    world: World, key: str, sign_in: SignIn
) -> None:
    assert key
    page = f"/my/editions/{world.edition_id}/ticket"
    client = sign_in(world.cast.trainee)
    first = client.get(page).text
    assert client.post(f"{page}/renew").status_code == 303
    second = client.get(page).text
    enrolment = enrolment_of(world.cast.trainee)
    secret = current_settings().secret_key.encode()

    assert short_code(secret, enrolment) in first
    assert short_code(secret, enrolment, 1) in second
    assert short_code(secret, enrolment) not in second
    with unit_of_work():
        db.session.execute(update(TicketIssue).values(number=MOST_ISSUES - 1))
    refused = client.post(f"{page}/renew")
    assert refused.status_code == 409
    assert 'data-testid="refused"' in refused.text
    assert sign_in(world.cast.stranger).post(f"{page}/renew").status_code == 404


def test_tickets_that_are_not_good_here_say_why(world: World, key: str, hand: Actor) -> None:
    other = world.cast.other_trainee
    ticket = ticket_of(other)
    for state, outcome in (("withdrawn", Shown.WITHDRAWN), ("waitlisted", Shown.NOT_ENROLLED)):
        with unit_of_work():
            row = db.session.get_one(Enrolment, enrolment_of(other))
            row.state, row.seat = state, None
        shown = show(hand, key, ticket)
        assert (shown.outcome, shown.person_id) == (outcome, other.id)
        assert shown.outcome.offers_walk_in
    assert show(hand, key, "T1-nonsense").outcome is Shown.UNREADABLE
    assert show(hand, key, "ABCD-EFGH").outcome is Shown.UNREADABLE
    assert show(hand, key, ticket_text(b"x" * 64, enrolment_of(other))).outcome is Shown.UNREADABLE
    early = STARTS_AT - timedelta(days=1)
    assert show(hand, key, ticket_of(world.cast.trainee), early).outcome is Shown.NOT_NOW
    with unit_of_work():
        cancel_live_session(world.organiser, key, at=world.now)
    assert show(hand, key, ticket_of(world.cast.trainee)).outcome is Shown.CANCELLED
    assert open_ones(key) == []


def test_a_ticket_of_another_edition_tells_nothing_of_its_person(
    world: World, key: str, hand: Actor, sign_in: SignIn
) -> None:
    programme, edition = add_edition("other-course", "published", world.now)
    del programme
    mine = ticket_of(world.cast.trainee)
    elsewhere = World(world.cast, world.programme, edition, world.now)
    stranger_session = elsewhere.add(**VENUE)
    elsewhere.enrol(world.cast.stranger, "venue")
    foreign = ticket_of(world.cast.stranger)

    by_hand = show(hand, key, foreign)
    by_organiser = show(world.organiser, key, foreign)
    over = show(hand, key, foreign, ENDS_AT + timedelta(hours=1))

    assert by_hand == ShownResult(Shown.OTHER_EDITION)
    assert by_organiser.edition_title == edition.title
    assert over == ShownResult(Shown.EXPIRED)
    code = short_code(SECRET, enrolment_of(world.cast.stranger))
    assert show(hand, key, code).outcome is Shown.UNREADABLE
    with pytest.raises(NotFoundError):
        show(hand, stranger_session, mine)
    with time_machine.travel(ARRIVAL, tick=False):
        answer = sign_in(world.cast.front_desk).post(
            f"/desk/sessions/{key}/check-in/ticket", data={"code": foreign}, headers=JSON
        )
    assert answer.status_code == 409
    assert answer.get_json()["outcome"] == "other_edition"
    assert "遠野" not in answer.get_data(as_text=True)


def test_every_outcome_of_a_ticket_is_a_sentence_on_the_page(
    world: World, key: str, sign_in: SignIn
) -> None:
    client = sign_in(world.cast.overseas)  # reads English
    with unit_of_work():
        name_desk_hand(world.organiser, world.edition_id, "overseas", at=world.now)
        row = db.session.get_one(Enrolment, enrolment_of(world.cast.other_trainee))
        row.state, row.seat = "withdrawn", None
    path = f"/desk/sessions/{key}/check-in/ticket"
    with time_machine.travel(ARRIVAL, tick=False):
        done = client.post(path, data={"code": ticket_of(world.cast.trainee)})
        assert done.status_code == 303
        again = client.post(path, data={"code": ticket_of(world.cast.trainee)})
        gone = client.post(path, data={"code": ticket_of(world.cast.other_trainee)})
        bad = client.post(path, data={"code": "what\0ever"})
    assert again.status_code == 200
    page = unescape(again.get_data(as_text=True))
    assert "山瀬 春夫 was checked in already at 15:52 by Aminah binti Salleh." in page
    assert "the ticket is a copy" in page
    assert gone.status_code == 409
    page = unescape(gone.get_data(as_text=True))
    assert "髙森 夏子 has given up the seat in this course." in page
    assert re.search(r'data-told-walk-in><input[^>]*><input[^>]*value="' + row.person_id, page)
    assert bad.status_code == 409
    assert "This is no ticket or code of this course." in unescape(bad.get_data(as_text=True))


# --- finding and what other desks did ------------------------------------------------------------


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("やませ", {"trainee"}),
        ("ﾔﾏｾ", {"trainee"}),
        ("ヤマセ ハルオ", {"trainee"}),
        ("山瀬", {"trainee"}),
        ("高森", {"other_trainee"}),
        ("AMINAH", {"overseas"}),
        ("ａｍｉｎａｈ salleh", {"overseas"}),
        ("", {"trainee", "other_trainee", "overseas"}),
        ("遠野", set()),
        ("%", set()),
    ],
)
def test_names_are_found_however_they_are_typed(
    world: World, key: str, term: str, found: set[str], sign_in: SignIn
) -> None:
    client = sign_in(world.cast.organiser)
    with time_machine.travel(ARRIVAL, tick=False):
        answer = client.get(f"/desk/sessions/{key}/check-in/find", query_string={"q": term})
        page = text_of(client, f"/desk/sessions/{key}/check-in?q={term}")
    people = {getattr(world.cast, name).id for name in found}
    assert set(answer.get_json()["people"]) == people
    assert set(re.findall(r'data-person="([0-9a-z]{26})"', page)) == people


def test_the_list_is_narrowed_by_where_people_are(
    world: World, key: str, hand: Actor, sign_in: SignIn
) -> None:
    with unit_of_work():
        check_in(hand, key, world.cast.trainee.id, at=ARRIVAL)
    client = sign_in(world.cast.front_desk)

    def shown(choice: str) -> set[str]:
        page = text_of(client, f"/desk/sessions/{key}/check-in?show={choice}")
        return set(re.findall(r'data-person="([0-9a-z]{26})"', page))

    with time_machine.travel(ARRIVAL, tick=False):
        assert shown("room") == {world.cast.trainee.id}
        assert shown("waiting") == {world.cast.other_trainee.id, world.cast.overseas.id}
        assert shown("web") == set()
        assert len(shown("nonsense")) == 3


def test_other_desks_hear_of_a_tap_and_an_unchanged_list_costs_little(
    world: World, key: str, sign_in: SignIn
) -> None:
    client = sign_in(world.cast.organiser)
    path = f"/desk/sessions/{key}/check-in"
    with time_machine.travel(ARRIVAL, tick=False):
        first = client.get(f"{path}/state")
        tag = first.headers["ETag"]
        assert client.get(f"{path}/state", headers={"If-None-Match": tag}).status_code == 304
        board = client.get(f"/desk/sessions/{key}/board/state", headers={"If-None-Match": tag})
        assert board.status_code == 304
        told = client.post(path, data={"person": world.cast.trainee.id}, headers=JSON).get_json()
        second = client.get(f"{path}/state", headers={"If-None-Match": tag})
        undone = client.post(path, data={"undo": world.cast.trainee.id}, headers=JSON).get_json()
        third = client.get(f"{path}/state", headers={"If-None-Match": second.headers["ETag"]})

    assert first.get_json()["here"] == {}
    assert (told["outcome"], told["at"], told["person"]) == ("done", "15:52", world.cast.trainee.id)
    assert second.status_code == 200
    assert second.get_json()["here"] == {world.cast.trainee.id: "15:52"}
    assert second.get_json()["counts"] == {"room": 1, "web": 0, "away": 0, "missing": 2, "all": 3}
    assert undone["outcome"] == "undone"
    assert third.get_json()["here"] == {}


def test_lists_ask_as_much_for_many_as_for_few(world: World, key: str, sign_in: SignIn) -> None:
    client = sign_in(world.cast.organiser)
    pages = ("check-in", "check-in/state", "board", "board/state", "paper", "seating")

    def asked(path: str) -> int:
        statements: list[str] = []

        def note(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
            if not statement.startswith("BEGIN"):  # whoever asked last may have begun already
                statements.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            assert client.get(f"/desk/sessions/{key}/{path}").status_code == 200
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        return len(statements)

    with time_machine.travel(ARRIVAL, tick=False):
        asked("check-in")  # the first page of a process reads the site's name
        few = [asked(path) for path in pages]
        with unit_of_work():
            crowd = [add_person(f"crowd{n}", "群", f"{n}") for n in range(30)]
        for person in crowd:
            world.enrol(person, "venue")
        for person in crowd[::2]:
            with unit_of_work():
                check_in(world.organiser, key, person.id, at=ARRIVAL)
        assert [asked(path) for path in pages] == few


# --- those who came unannounced ------------------------------------------------------------------


def test_a_walk_in_is_a_note_until_the_organiser_gives_a_seat(
    world: World, key: str, hand: Actor
) -> None:
    people = db.session.scalar(select(func.count()).select_from(Person))
    with unit_of_work():
        note = note_walk_in(
            hand, key, name="  遠野　渡 ", organisation="みどり第一労働組合", at=ARRIVAL
        )
    assert db.session.scalar(select(func.count()).select_from(Person)) == people
    assert db.session.scalar(select(func.count()).select_from(Enrolment)) == 3
    [row] = door.list_walk_ins(key, world.edition_id)
    assert (row.name, row.organisation, row.by_name) == ("遠野 渡", "みどり第一労働組合", "受川 昇")

    later = ARRIVAL + timedelta(minutes=30)
    with pytest.raises(NotFoundError), unit_of_work():
        enrol_walk_in(hand, key, note, handle="stranger", at=later)
    with pytest.raises(DeskRefusedError) as refused, unit_of_work():
        enrol_walk_in(world.organiser, key, note, handle="who?", at=later)
    assert refused.value.code == "nobody_of_this_name"
    with unit_of_work():
        enrol_walk_in(world.organiser, key, note, handle="stranger", at=later)

    [check] = open_ones(key)
    assert (check.source, check.at, check.entered_at) == ("walk_in", ARRIVAL, later)
    enrolment = db.session.get_one(Enrolment, enrolment_of(world.cast.stranger))
    assert (enrolment.state, enrolment.attending) == (EnrolmentState.ENROLLED, "venue")
    assert door.list_walk_ins(key, world.edition_id) == ()
    with pytest.raises(DeskRefusedError) as refused, unit_of_work():
        enrol_walk_in(world.organiser, key, note, handle="stranger", at=later)
    assert refused.value.code == "decided_already"


def test_a_walk_in_without_a_free_seat_changes_nothing(world: World, key: str) -> None:
    with unit_of_work():
        db.session.get_one(Edition, world.edition_id).capacity = 3
        note = note_walk_in(world.organiser, key, name="遠野", at=ARRIVAL)
    with pytest.raises(EnrolmentError) as refused, unit_of_work():
        enrol_walk_in(world.organiser, key, note, handle="stranger", at=ARRIVAL)
    assert refused.value.code == "full"
    assert open_ones(key) == []
    assert len(door.list_walk_ins(key, world.edition_id)) == 1


def test_somebody_known_to_the_course_is_noted_by_choice(
    world: World, key: str, hand: Actor, sign_in: SignIn
) -> None:
    world.enrol(world.cast.stranger, "venue", EnrolmentState.WAITLISTED)
    client = sign_in(world.cast.front_desk)
    path = f"/desk/sessions/{key}"
    with time_machine.travel(ARRIVAL, tick=False):
        page = text_of(client, f"{path}/check-in?q=遠野")
        assert 'data-testid="candidate"' in page
        noted = client.post(f"{path}/walk-ins", data={"person": world.cast.stranger.id})
        twice = client.post(f"{path}/walk-ins", data={"person": world.cast.stranger.id})
        nobody = client.post(f"{path}/walk-ins", data={"name": " 　"})
        enrolled = client.post(f"{path}/walk-ins", data={"person": world.cast.trainee.id})
    assert (noted.status_code, twice.status_code, nobody.status_code) == (303, 409, 409)
    assert enrolled.status_code == 404  # holds a seat: to be checked in
    [row] = door.list_walk_ins(key, world.edition_id)
    assert (row.person_id, row.enrolment_state) == (world.cast.stranger.id, "waitlisted")
    with unit_of_work():
        dismiss_walk_in(hand, key, row.id, at=ARRIVAL)
    [kept] = db.session.scalars(select(WalkIn)).all()
    assert kept.state == "dismissed"


def test_a_note_of_another_session_is_not_decided_on_here(
    world: World, key: str, hand: Actor
) -> None:
    other = world.add(**VENUE)
    with unit_of_work():
        note = note_walk_in(hand, key, name="遠野", at=ARRIVAL)
    for act in (dismiss_walk_in, enrol_walk_in):
        with pytest.raises(NotFoundError), unit_of_work():
            act(world.organiser, other, note, at=ARRIVAL)


# --- paper ---------------------------------------------------------------------------------------


def test_sheets_are_entered_afterwards_with_the_time_of_coming(
    world: World, key: str, hand: Actor, sign_in: SignIn
) -> None:
    with unit_of_work():
        check_in(hand, key, world.cast.overseas.id, at=ARRIVAL)
    client = sign_in(world.cast.front_desk)
    path = f"/desk/sessions/{key}/paper"
    one, two, three = (
        getattr(world.cast, name).id for name in ("trainee", "other_trainee", "overseas")
    )
    next_day = STARTS_AT + timedelta(days=1)
    with time_machine.travel(next_day, tick=False):
        sheet = {"usual": "15:55", "here": [one, two, three], f"at-{two}": "１６時１０分"}
        assert client.post(path, data=sheet).status_code == 303
        assert client.post(path, data=sheet).status_code == 303  # sent twice
    found = {row.person_id: (row.source, row.at, row.entered_at) for row in open_ones(key)}
    assert found == {
        one: ("paper", STARTS_AT - timedelta(minutes=5), next_day),
        two: ("paper", STARTS_AT + timedelta(minutes=10), next_day),
        three: ("tap", ARRIVAL, ARRIVAL),
    }


@pytest.mark.parametrize(
    ("time", "at"), [("25:00", ENDS_AT), ("", ENDS_AT), ("16:30", STARTS_AT), ("03:50", ENDS_AT)]
)
def test_a_time_that_cannot_be_enters_nobody(
    world: World, key: str, time: str, at: datetime, sign_in: SignIn
) -> None:
    client = sign_in(world.cast.organiser)
    one, two = world.cast.trainee.id, world.cast.other_trainee.id
    with time_machine.travel(at, tick=False):
        answer = client.post(
            f"/desk/sessions/{key}/paper",
            data={"usual": time, "here": [one, two], f"at-{one}": "15:50"},
        )
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert f'id="e-{two}"' in page
    assert 'value="15:50"' in page  # what was typed is shown again
    assert open_ones(key) == []


def test_a_session_over_midnight_takes_times_of_both_days(world: World, sign_in: SignIn) -> None:
    world.enrol(world.cast.trainee, "venue")
    key = world.add(
        starts_local=datetime(2026, 10, 12, 23, 30),  # noqa: DTZ001 - wall time
        ends_local=datetime(2026, 10, 13, 1, 0),  # noqa: DTZ001
        **VENUE,
    )
    client = sign_in(world.cast.organiser)
    with time_machine.travel(STARTS_AT + timedelta(days=1), tick=False):
        answer = client.post(
            f"/desk/sessions/{key}/paper", data={"usual": "00:10", "here": world.cast.trainee.id}
        )
    assert answer.status_code == 303
    [row] = open_ones(key)
    assert row.at.isoformat() == "2026-10-12T15:10:00+00:00"


def test_paper_of_people_elsewhere_enters_nobody(world: World, key: str) -> None:
    lines = [
        PaperLine(PersonId(world.cast.trainee.id), STARTS_AT),
        PaperLine(PersonId(world.cast.stranger.id), STARTS_AT),
    ]
    with pytest.raises(NotFoundError), unit_of_work():
        enter_paper(world.organiser, key, lines, at=ENDS_AT)
    far = [PaperLine(PersonId(world.cast.trainee.id), STARTS_AT - timedelta(days=2))]
    with pytest.raises(SessionInputError), unit_of_work():
        enter_paper(world.organiser, key, far, at=ENDS_AT)
    assert open_ones(key) == []


# --- the live board ------------------------------------------------------------------------------


def test_the_board_says_who_is_where(world: World, key: str, sign_in: SignIn) -> None:
    client = sign_in(world.cast.organiser)
    with time_machine.travel(ARRIVAL, tick=False):
        sign_in(world.cast.overseas).post(f"/live-sessions/{key}/join")
        with unit_of_work():
            check_in(world.organiser, key, world.cast.trainee.id, at=ARRIVAL)
        page = text_of(client, f"/desk/sessions/{key}/board")
    columns = dict(re.findall(r'data-testid="board-(\w+)">(.*?)</section>', page, re.DOTALL))
    assert "山瀬 春夫" in columns["room"]
    assert "15:52" in columns["room"]
    assert "Aminah binti Salleh" in columns["web"]
    assert "髙森 夏子" in columns["missing"]
    assert 'data-testid="call"' in columns["missing"]


def test_the_missing_are_written_to_once_in_ten_minutes_in_their_language(
    world: World, key: str, sign_in: SignIn
) -> None:
    client = sign_in(world.cast.organiser)
    path = f"/desk/sessions/{key}/board/call"
    with unit_of_work():
        check_in(world.organiser, key, world.cast.trainee.id, at=ARRIVAL)

    def mails() -> list[OutboxMail]:
        db.session.rollback()
        return list(
            db.session.scalars(
                select(OutboxMail)
                .where(OutboxMail.template == "session_missing")
                .order_by(OutboxMail.id)
            )
        )

    with time_machine.travel(STARTS_AT, tick=False) as clock:
        assert client.post(path).status_code == 303
        assert client.post(path).status_code == 409
        clock.shift(timedelta(minutes=9, seconds=59))
        assert client.post(path).status_code == 409
        assert len(mails()) == 2
        clock.shift(timedelta(seconds=1))
        assert client.post(path).status_code == 303
    told = mails()
    assert len(told) == 4
    by_person = {mail.person_id: mail for mail in told}
    assert set(by_person) == {world.cast.other_trainee.id, world.cast.overseas.id}
    settings = current_settings()
    english = render_text(by_person[world.cast.overseas.id], settings)
    japanese = render_text(by_person[world.cast.other_trainee.id], settings)
    assert "Are you coming?" in english[0]
    assert "ご出席" in japanese[0]
    for _subject, body in (english, japanese):
        assert f"/live-sessions/{key}" in body
        assert "canary" not in body
    calls = db.session.scalars(select(MissingCall).order_by(MissingCall.at)).all()
    assert [call.people for call in calls] == [2, 2]


def test_two_organisers_at_once_write_to_the_missing_once(
    world: World, key: str, app: Flask
) -> None:
    act = partial(call_missing, world.organiser, key, at=STARTS_AT)
    faults = at_once(app, [act] * 3)
    assert [getattr(fault, "code", fault) for fault in faults] == ["called_lately"] * 2
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(MissingCall)) == 1


def test_nobody_is_written_to_when_nobody_is_missing_or_it_is_over(world: World, key: str) -> None:
    with pytest.raises(DeskRefusedError) as refused, unit_of_work():
        call_missing(world.organiser, key, at=ENDS_AT)
    assert refused.value.code == "ended"
    for person in (world.cast.trainee, world.cast.other_trainee, world.cast.overseas):
        with unit_of_work():
            check_in(world.organiser, key, person.id, at=ARRIVAL)
    with pytest.raises(DeskRefusedError) as refused, unit_of_work():
        call_missing(world.organiser, key, at=STARTS_AT)
    assert refused.value.code == "nobody_missing"


# --- tickets and papers to print -----------------------------------------------------------------


def pdf_of(client: FlaskClient, path: str) -> PdfReader:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.mimetype == "application/pdf"
    return PdfReader(io.BytesIO(answer.data))


def test_a_participant_has_a_ticket_on_the_phone_and_on_paper(
    world: World, key: str, sign_in: SignIn
) -> None:
    del key
    client = sign_in(world.cast.overseas)
    path = f"/my/editions/{world.edition_id}/ticket"
    with time_machine.travel(ARRIVAL, tick=False):
        page = text_of(client, path)
        paper = pdf_of(client, f"{path}.pdf")
    code = short_code(SECRET, enrolment_of(world.cast.overseas))
    assert code in page
    assert 'src="data:image/svg+xml;base64,' in page
    [sheet] = paper.pages
    assert code in sheet.extract_text()
    assert "Towa Hall" in sheet.extract_text()
    for name in ("stranger", "organiser"):
        assert sign_in(getattr(world.cast, name)).get(path).status_code == 404
    with unit_of_work():
        row = db.session.get_one(Enrolment, enrolment_of(world.cast.overseas))
        row.state, row.seat = "withdrawn", None
    with time_machine.travel(ARRIVAL, tick=False):
        assert client.get(path).status_code == 404


def test_badges_are_ten_to_a_page_for_those_who_come(
    world: World, key: str, sign_in: SignIn
) -> None:
    client = sign_in(world.cast.organiser)
    with unit_of_work():
        crowd = [
            add_person(f"crowd{n}", "群", f"{n}", romanised_family="Mure", romanised_given=f"N{n}")
            for n in range(9)
        ]
    for person in crowd:
        world.enrol(person, "venue")
    with time_machine.travel(ARRIVAL, tick=False):
        venue = pdf_of(client, f"/desk/sessions/{key}/badges.pdf")
        everyone = pdf_of(client, f"/desk/sessions/{key}/badges.pdf?who=all")
    assert len(venue.pages) == 2  # eleven people
    text = "".join(page.extract_text() for page in venue.pages)
    for wanted in ("山瀬", "ヤマセ", "MURE N8", "青空第一労働組合"):
        assert wanted in text
    assert "Aminah" not in text
    assert "Aminah" in "".join(page.extract_text() for page in everyone.pages)


@pytest.mark.parametrize("query", ["", "?order=mixed&seats=1", "?order=x&seats=-3", "?seats=²"])
def test_a_seating_list_holds_everyone_who_comes(
    world: World, key: str, query: str, sign_in: SignIn
) -> None:
    with time_machine.travel(ARRIVAL, tick=False):
        page = text_of(sign_in(world.cast.organiser), f"/desk/sessions/{key}/seating{query}")
    assert page.count('<th scope="row">') == 2
    assert "Aminah" not in page


def test_the_ticket_tells_no_name(world: World, key: str) -> None:
    del key
    text = ticket_of(world.cast.trainee)
    assert queries.is_desk_hand(world.edition_id, None) is False
    for secret in ("trainee", world.cast.trainee.id.upper(), world.edition_id.upper()):
        assert secret not in text
