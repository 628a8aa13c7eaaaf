"""Asking, changing, talking, deciding: what is done, and what is refused."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from lms.courses.errors import CoursesError
from lms.courses.models import Edition, Programme
from lms.courses.operations import archive_programme
from lms.infra.audit.models import AuditEntry
from lms.infra.db import db, unit_of_work
from lms.kernel.actor import Role
from lms.kernel.errors import NotFoundError
from lms.kernel.ids import PersonId
from lms.requests.errors import MeetingRequestInputError, MeetingRequestRefusedError
from lms.requests.models import MeetingRequest, MeetingRequestDate, MeetingRequestEntry
from lms.requests.operations import (
    accept_request,
    begin_talks,
    change_request,
    decline_request,
    submit_request,
    withdraw_request,
    write_message,
)
from lms.requests.operations.forgetting import KINDS
from lms.requests.queries import get_request, get_row, list_history, wished_dates
from lms.sessions.errors import SessionInputError
from lms.sessions.models import LiveSession, SessionSpeaker
from lms.sessions.operations.scheduling import SpeakerPlan
from tests.conftest import NOW, grant
from tests.requests.conftest import Desk, add_block, wished


def fresh(request: MeetingRequest) -> MeetingRequest:
    db.session.rollback()
    db.session.expire_all()
    return get_request(request.id)


def actions() -> list[str]:
    return list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def test_a_coordinator_asks_for_an_organisation_in_their_charge(desk: Desk) -> None:
    request = fresh(desk.ask(theme="  取引先への働きかけ  "))
    assert (request.state, request.source, request.version) == ("received", "browser", 1)
    assert request.theme == "取引先への働きかけ"
    assert wished_dates(request) == (
        wished("2026-11-05 10:00"),
        wished("2026-11-12 13:30", "16:00"),
    )
    (line,) = list_history(request.id)
    assert (line.entry.step, line.entry.by_staff, line.name) == ("received", False, "河﨑 秋江")
    assert actions() == ["meeting_request.received"]


def test_nobody_asks_for_an_organisation_of_others(desk: Desk) -> None:
    for who, organisation in (
        ("coordinator", desk.cast.affiliate_b.id),
        ("coordinator", "0" * 26),
        ("trainee", desk.cast.affiliate_a.id),
        ("auditor", desk.cast.affiliate_a.id),
    ):
        with pytest.raises(NotFoundError), unit_of_work():
            submit_request(desk.cast.actor(who), desk.plan(organisation_id=organisation), at=NOW)
    assert db.session.scalar(select(func.count()).select_from(MeetingRequest)) == 0


def test_a_button_pressed_twice_asks_once(desk: Desk) -> None:
    first = desk.ask()
    assert desk.ask().id == first.id
    assert desk.ask(people=41).id != first.id
    with unit_of_work():
        later = submit_request(
            desk.cast.actor("coordinator"), desk.plan(), at=NOW + timedelta(minutes=11)
        )
    assert later != first.id
    assert db.session.scalar(select(func.count()).select_from(MeetingRequestDate)) == 6


def test_the_office_enters_what_came_by_telephone(desk: Desk) -> None:
    block = add_block(desk.cast)
    request = fresh(desk.ask("organiser", organisation_id=block, source="telephone"))
    assert (request.source, request.state) == ("telephone", "received")
    assert list_history(request.id)[0].entry.by_staff


def test_an_organiser_of_one_programme_enters_and_answers_that_one_only(desk: Desk) -> None:
    limited = desk.cast.__class__(**{**vars(desk.cast), "organiser": desk.limited})
    of_programme = Desk(limited, desk.programme, desk.other_coordinator, desk.limited)
    request = of_programme.ask("organiser", source="paper")
    with unit_of_work():
        begin_talks(limited.actor("organiser"), request.id, at=NOW)
    theme = desk.ask(programme_id=None, theme="物価と賃金")
    with pytest.raises(NotFoundError), unit_of_work():
        begin_talks(limited.actor("organiser"), theme.id, at=NOW)
    with pytest.raises(NotFoundError), unit_of_work():
        write_message(limited.actor("organiser"), theme.id, "x", at=NOW)


@pytest.mark.parametrize(
    ("more", "field", "code"),
    [
        ({"programme_id": None}, "theme", "required"),
        ({"programme_id": None, "theme": "x" * 201}, "theme", "too_long"),
        ({"purpose": "  "}, "purpose", "required"),
        ({"purpose": "x" * 4001}, "purpose", "too_long"),
        ({"people": 0}, "people", "people_out_of_range"),
        ({"people": 10_001}, "people", "people_out_of_range"),
        ({"way": "boat"}, "way", "unknown_choice"),
        ({"place": ""}, "place", "required"),
        ({"languages": ()}, "languages", "unknown_choice"),
        ({"languages": ("xx",)}, "languages", "unknown_choice"),
        ({"timezone": "Asia/Nowhere"}, "timezone", "unknown_zone"),
        ({"timezone": "Asia/Nowhere", "dates": ()}, "timezone", "unknown_zone"),
        ({"dates": (wished("2026-10-01 10:00"),)}, "day_1", "already_past"),
        ({"dates": (wished("2026-11-05 10:00"),) * 2}, "day_2", "twice"),
        ({"contact_name": ""}, "contact_name", "required"),
        ({"contact_phone": ""}, "contact_phone", "contact_missing"),
        ({"contact_address": "nobody"}, "contact_address", "address"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_place(
    desk: Desk, more: dict[str, Any], field: str, code: str
) -> None:
    with pytest.raises(MeetingRequestInputError) as refused, unit_of_work():
        submit_request(desk.cast.actor("coordinator"), desk.plan(**more), at=NOW)
    assert (refused.value.field, refused.value.code) == (field, code)
    assert db.session.scalar(select(func.count()).select_from(MeetingRequest)) == 0


def test_on_the_web_no_place_is_needed_and_dates_may_be_open(desk: Desk) -> None:
    request = desk.ask(way="web", place="", dates=())
    assert wished_dates(request) == ()


def test_only_what_is_offered_can_be_asked_for(desk: Desk) -> None:
    with unit_of_work():
        db.session.get_one(Programme, desk.programme.id).takes_requests = False
    with pytest.raises(MeetingRequestRefusedError, match="asked_for_no_more"):
        desk.ask()


def test_a_programme_of_the_kind_is_offered_from_the_start(desk: Desk) -> None:
    assert desk.programme.takes_requests
    with unit_of_work():
        series = Programme(
            slug="series", kind="series", title={}, summary={}, purpose={}, audience={},
            languages=[], created_at=NOW,
        )  # fmt: skip
        db.session.add(series)
    assert not series.takes_requests


def test_what_is_asked_for_is_changed_until_it_is_decided(desk: Desk) -> None:
    request = desk.ask()
    me = desk.cast.actor("coordinator")
    new = desk.plan(people=60, dates=(wished("2026-12-01 10:00"),))
    with unit_of_work():
        assert not change_request(me, request.id, desk.plan(), version=1, at=NOW)
    with unit_of_work():
        assert change_request(me, request.id, new, version=1, at=NOW)
    stored = fresh(request)
    assert (stored.people, stored.version) == (60, 2)
    assert wished_dates(stored) == (wished("2026-12-01 10:00"),)
    entry = db.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "meeting_request.changed")
    ).one()
    assert entry.details == {"fields": ["people", "dates"]}
    with pytest.raises(MeetingRequestRefusedError, match="changed_meanwhile"), unit_of_work():
        change_request(me, request.id, desk.plan(), version=1, at=NOW)
    with unit_of_work():
        withdraw_request(me, request.id, at=NOW)
    with pytest.raises(MeetingRequestRefusedError, match="wrong_state"), unit_of_work():
        change_request(me, request.id, desk.plan(), version=3, at=NOW)


def test_a_programme_that_is_offered_no_more_may_stay_in_a_request(desk: Desk) -> None:
    request = desk.ask()
    with unit_of_work():
        db.session.get_one(Programme, desk.programme.id).takes_requests = False
    with unit_of_work():
        change_request(
            desk.cast.actor("coordinator"), request.id, desk.plan(people=5), version=1, at=NOW
        )
    assert fresh(request).people == 5


def test_the_first_word_of_the_office_means_talks(desk: Desk) -> None:
    request = desk.ask()
    with unit_of_work():
        write_message(desk.cast.actor("coordinator"), request.id, "よろしくお願いします", at=NOW)
    assert fresh(request).state == "received"
    with unit_of_work():
        write_message(desk.cast.actor("organiser"), request.id, "検討します", at=NOW)
    assert fresh(request).state == "in_talks"
    with pytest.raises(MeetingRequestRefusedError, match="wrong_state"), unit_of_work():
        begin_talks(desk.cast.actor("organiser"), request.id, at=NOW)
    steps = [(line.entry.step, line.entry.by_staff) for line in list_history(request.id)]
    assert steps == [("received", False), ("message", False), ("message", True)]
    for text, code in (("  ", "required"), ("x" * 2001, "too_long")):
        with pytest.raises(MeetingRequestInputError) as refused, unit_of_work():
            write_message(desk.cast.actor("organiser"), request.id, text, at=NOW)
        assert refused.value.code == code


def test_who_asked_and_organises_too_speaks_for_those_who_asked(desk: Desk) -> None:
    with unit_of_work():
        grant(desk.cast.coordinator, Role.ORGANISER)
    request = desk.ask()
    with unit_of_work():
        write_message(desk.cast.actor("coordinator"), request.id, "急ぎません", at=NOW)
    assert fresh(request).state == "received"


def test_yes_makes_an_edition_with_its_session(desk: Desk) -> None:
    request = desk.ask()
    speaker = SpeakerPlan(PersonId(desk.cast.speaker.id))
    with unit_of_work():
        edition_id = accept_request(
            desk.cast.actor("organiser"), request.id, desk.acceptance(speaker=speaker),
            version=1, at=NOW,
        )  # fmt: skip
    stored = fresh(request)
    assert (stored.state, stored.edition_id, stored.decided_by) == (
        "accepted", edition_id, desk.cast.organiser.id,
    )  # fmt: skip
    edition = db.session.get_one(Edition, edition_id)
    assert edition.programme_id == desk.programme.id
    assert (edition.state, edition.mode, edition.capacity) == ("draft", "hybrid", 40)
    assert edition.title["en"] == "Aozora Union One"
    assert (edition.starts_on, edition.ends_on) == (date(2026, 11, 5), date(2026, 11, 5))
    session = db.session.scalars(select(LiveSession)).one()
    assert stored.live_session_id == session.id
    assert session.title == desk.programme.title
    assert session.starts_at == datetime(2026, 11, 5, 1, 0, tzinfo=UTC)
    assert (session.venue_name, session.web_url) == (
        {"ja": "名古屋会館"}, "https://meet.example/nagoya",
    )  # fmt: skip
    assert session.part_id is not None
    assert db.session.scalars(select(SessionSpeaker.person_id)).all() == [desk.cast.speaker.id]
    assert get_row(request.id).session is session
    assert list_history(request.id)[-1].entry.text == "講師は追ってお知らせします。"


@pytest.mark.parametrize(
    ("mode", "place", "link"),
    [("venue", True, False), ("web", False, True), ("hybrid", True, True)],
)
def test_the_session_has_what_the_way_needs(
    desk: Desk, mode: str, *, place: bool, link: bool
) -> None:
    request = desk.ask()
    with unit_of_work():
        accept_request(
            desk.cast.actor("organiser"), request.id, desk.acceptance(mode=mode), version=1, at=NOW
        )
    session = db.session.scalars(select(LiveSession)).one()
    assert (bool(session.venue_name), bool(session.web_url)) == (place, link)


def test_a_theme_of_its_own_becomes_a_programme(desk: Desk) -> None:
    request = desk.ask(programme_id=None, theme="物価と賃金")
    with unit_of_work():
        edition_id = accept_request(
            desk.cast.actor("organiser"), request.id, desk.acceptance(programme_id=None),
            version=1, at=NOW,
        )  # fmt: skip
    made = db.session.get_one(Programme, db.session.get_one(Edition, edition_id).programme_id)
    assert (made.kind, made.title, made.takes_requests) == (
        "on_request", {"ja": "物価と賃金"}, True,
    )  # fmt: skip
    assert made.purpose == {"ja": "新任役員に人権尊重の実務を伝えたい"}
    assert made.audience["en"] == "Aozora Union One"


def test_a_theme_may_be_held_under_a_programme_that_is_there(desk: Desk) -> None:
    request = desk.ask(programme_id=None, theme="取引先との対話")
    with unit_of_work():
        accept_request(
            desk.cast.actor("organiser"), request.id, desk.acceptance(), version=1, at=NOW
        )
    assert db.session.scalars(select(LiveSession)).one().title == {"ja": "取引先との対話"}


@pytest.mark.parametrize(
    ("more", "error", "field"),
    [
        ({"when": wished("2026-10-01 10:00")}, MeetingRequestInputError, "day"),
        ({"when": wished("2026-11-05 10:00", "09:00")}, MeetingRequestInputError, "ends"),
        ({"timezone": "Asia/Nowhere"}, MeetingRequestInputError, "timezone"),
        ({"web_url": "javascript:alert(1)"}, SessionInputError, "web_url"),
        ({"speaker": SpeakerPlan(PersonId("0" * 26))}, SessionInputError, "speakers"),
        ({"message": "x" * 2001}, MeetingRequestInputError, "message"),
    ],
)
def test_a_yes_that_does_not_fit_makes_nothing(
    desk: Desk, more: dict[str, Any], error: type[Exception], field: str
) -> None:
    request = desk.ask()
    with pytest.raises(error) as refused, unit_of_work():
        accept_request(
            desk.cast.actor("organiser"), request.id, desk.acceptance(**more), version=1, at=NOW
        )
    assert refused.value.field == field  # type: ignore[attr-defined]
    assert fresh(request).state == "received"
    assert db.session.scalar(select(func.count()).select_from(Edition)) == 0
    assert db.session.scalar(select(func.count()).select_from(LiveSession)) == 0


def test_an_archived_programme_has_no_further_edition(desk: Desk) -> None:
    request = desk.ask()
    with unit_of_work():
        archive_programme(desk.programme.id, actor=desk.cast.actor("organiser"), at=NOW)
    with pytest.raises(CoursesError, match="archived"), unit_of_work():
        accept_request(
            desk.cast.actor("organiser"), request.id, desk.acceptance(), version=1, at=NOW
        )
    assert fresh(request).state == "received"


def test_a_decision_is_made_once_and_on_what_was_seen(desk: Desk) -> None:
    request = desk.ask()
    staff = desk.cast.actor("organiser")
    with unit_of_work():
        change_request(
            desk.cast.actor("coordinator"), request.id, desk.plan(people=9), version=1, at=NOW
        )
    with pytest.raises(MeetingRequestRefusedError, match="changed_meanwhile"), unit_of_work():
        accept_request(staff, request.id, desk.acceptance(), version=1, at=NOW)
    with pytest.raises(MeetingRequestRefusedError, match="changed_meanwhile"), unit_of_work():
        decline_request(staff, request.id, "満席", version=1, at=NOW)
    with pytest.raises(MeetingRequestInputError), unit_of_work():
        decline_request(staff, request.id, " ", version=2, at=NOW)
    with unit_of_work():
        decline_request(staff, request.id, "講師が見つかりませんでした", version=2, at=NOW)
    stored = fresh(request)
    assert (stored.state, stored.reason) == ("declined", "講師が見つかりませんでした")
    for act in (
        lambda: accept_request(staff, request.id, desk.acceptance(), version=3, at=NOW),
        lambda: decline_request(staff, request.id, "x", version=3, at=NOW),
        lambda: withdraw_request(staff, request.id, at=NOW),
        lambda: begin_talks(staff, request.id, at=NOW),
    ):
        with pytest.raises(MeetingRequestRefusedError, match="wrong_state"), unit_of_work():
            act()
    with unit_of_work():  # one may still ask why
        write_message(desk.cast.actor("coordinator"), request.id, "来年はいかがですか", at=NOW)
    assert fresh(request).state == "declined"


def test_others_neither_see_nor_touch_a_request(desk: Desk) -> None:
    request = desk.ask()
    others = desk.cast.__class__(**{**vars(desk.cast), "stranger": desk.other_coordinator})
    for actor in (others.actor("stranger"), desk.cast.actor("trainee")):
        for act in (
            lambda a=actor: withdraw_request(a, request.id, at=NOW),
            lambda a=actor: write_message(a, request.id, "x", at=NOW),
            lambda a=actor: change_request(a, request.id, desk.plan(), version=1, at=NOW),
            lambda a=actor: begin_talks(a, request.id, at=NOW),
            lambda a=actor: decline_request(a, request.id, "x", version=1, at=NOW),
            lambda a=actor: accept_request(a, request.id, desk.acceptance(), version=1, at=NOW),
        ):
            with pytest.raises(NotFoundError), unit_of_work():
                act()
    # Those who asked do not answer themselves.
    with pytest.raises(NotFoundError), unit_of_work():
        accept_request(
            desk.cast.actor("coordinator"), request.id, desk.acceptance(), version=1, at=NOW
        )
    assert db.session.scalar(select(func.count()).select_from(MeetingRequestEntry)) == 1


@pytest.mark.parametrize("key", ["", "x", "0" * 26, "\0"])
def test_what_is_not_there_is_not_found(desk: Desk, key: str) -> None:
    with pytest.raises(NotFoundError), unit_of_work():
        begin_talks(desk.cast.actor("organiser"), key, at=NOW)


def test_contacts_are_forgotten_after_their_time_and_the_rest_stays(desk: Desk) -> None:
    (kind,) = KINDS
    decided, still_open = desk.ask(), desk.ask(people=9)
    with unit_of_work():
        decline_request(desk.cast.actor("organiser"), decided.id, "講師不在", version=1, at=NOW)
    later = NOW + timedelta(days=1)
    assert (kind.count(NOW), kind.count(later)) == (0, 1)
    with unit_of_work():
        assert kind.forget(later, 10) == 1
    assert kind.count(later) == 0
    row = fresh(decided)
    assert (row.contact_name, row.contact_phone, row.contact_address) == ("", "", "")
    assert (row.purpose, row.reason) == ("新任役員に人権尊重の実務を伝えたい", "講師不在")
    assert fresh(still_open).contact_name == "河﨑 秋江"
