"""Who is written to at every step, in which language and zone."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from lms.courses.operations import publish_edition
from lms.infra.db import db, unit_of_work
from lms.infra.events import raise_event
from lms.infra.mail.models import OutboxMail
from lms.infra.mail.rendering import render_text
from lms.people.models import Person, RoleAssignment
from lms.requests.operations import (
    accept_request,
    begin_talks,
    change_request,
    decline_request,
    withdraw_request,
    write_message,
)
from lms.sessions.events import EditionPostponed
from lms.sessions.models import LiveSession
from lms.sessions.operations import SessionPlan, cancel_live_session, change_live_session
from tests.conftest import NOW
from tests.requests.conftest import Desk, add_block, wished

ASKER, OFFICE, LIMITED = (f"{who}@demo.example" for who in ("coordinator", "organiser", "limited"))


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def mails(template: str) -> list[OutboxMail]:
    db.session.rollback()
    return list(
        db.session.scalars(
            select(OutboxMail)
            .where(OutboxMail.template == f"meeting_request_{template}")
            .order_by(OutboxMail.to_address)
        )
    )


def told(template: str) -> list[str]:
    return [mail.to_address for mail in mails(template)]


def text_of(app: Flask, mail: OutboxMail) -> str:
    return "\n".join(render_text(mail, app.extensions["settings"]))


def test_a_request_is_confirmed_and_told_to_those_who_answer(app: Flask, desk: Desk) -> None:
    request = desk.ask()
    assert (told("received"), told("new")) == ([ASKER], [LIMITED, OFFICE])
    text = text_of(app, mails("received")[0])
    assert "人権デュー・ディリジェンス勉強会" in text
    assert "第2希望: 2026年11月12日(木) 13:30–16:00 日本時間(JST)" in text
    assert f"/desk/meeting-requests/{request.id}" in text


def test_a_theme_is_for_organisers_of_everything(desk: Desk) -> None:
    desk.ask(programme_id=None, theme="物価と賃金")
    assert told("new") == [OFFICE]


def test_every_mail_speaks_the_language_and_zone_of_its_reader(app: Flask, desk: Desk) -> None:
    with unit_of_work():
        for person in (desk.cast.coordinator, desk.cast.organiser):
            row = db.session.get_one(Person, person.id)
            row.language, row.timezone = "en", "Asia/Kuala_Lumpur"
    request = desk.ask()
    asker, staff = desk.cast.actor("coordinator"), desk.cast.actor("organiser")
    with unit_of_work():
        change_request(asker, request.id, desk.plan(people=41), version=1, at=NOW)
    with unit_of_work():
        begin_talks(staff, request.id, at=NOW)
    with unit_of_work():
        write_message(staff, request.id, "Which of the dates suits best?", at=NOW)
    with unit_of_work():
        accept_request(staff, request.id, desk.acceptance(), version=3, at=NOW)
    for template, reader in (
        ("received", ASKER), ("new", OFFICE), ("changed", OFFICE), ("in_talks", ASKER),
        ("message", ASKER), ("accepted", ASKER),
    ):  # fmt: skip
        mail = next(one for one in mails(template) if one.to_address == reader)
        text = text_of(app, mail)
        assert "Due diligence study meeting" in text, template
        assert "5 November 2026 (Thu) 09:00–11:00 Kuala Lumpur time" in text, template
        assert "5 November 2026 (Thu) 10:00–12:00 Japan time (JST)" in text, template
    assert "Which of the dates suits best?" in text_of(app, mails("message")[0])
    accepted = text_of(app, mails("accepted")[0])
    assert "講師は追ってお知らせします。" in accepted
    assert "Online:" in accepted  # without the address, which is behind the button
    assert "meet.example" not in accepted


def test_messages_go_to_the_other_side(desk: Desk) -> None:
    request = desk.ask()
    with unit_of_work():
        write_message(desk.cast.actor("coordinator"), request.id, "質問です", at=NOW)
    assert told("message") == [LIMITED, OFFICE]


def test_a_no_says_why(app: Flask, desk: Desk) -> None:
    request = desk.ask()
    with unit_of_work():
        decline_request(desk.cast.actor("organiser"), request.id, "講師不在", version=1, at=NOW)
    (mail,) = mails("declined")
    assert (mail.to_address, "講師不在" in text_of(app, mail)) == (ASKER, True)


def test_a_withdrawal_is_told_to_the_other_side(desk: Desk) -> None:
    for who, readers in (("coordinator", [LIMITED, OFFICE]), ("organiser", [ASKER])):
        request = desk.ask(people=len(who))
        before = told("withdrawn")
        with unit_of_work():
            withdraw_request(desk.cast.actor(who), request.id, at=NOW + timedelta(seconds=1))
        assert sorted(told("withdrawn")) == sorted([*before, *readers])


def test_what_the_office_enters_is_told_to_the_contact_and_the_coordinators(
    app: Flask, desk: Desk
) -> None:
    request = desk.ask("organiser", source="telephone", contact_address="Hall@Union.example")
    assert told("received") == [ASKER, "hall@union.example"]
    assert told("new") == [LIMITED]  # not to whoever wrote it down
    text = text_of(app, next(m for m in mails("received") if m.to_address != ASKER))
    assert "河﨑 秋江 様" in text
    assert request.id not in text  # without an account there is nothing to open


def test_without_a_coordinator_the_contact_is_told_alone(desk: Desk) -> None:
    desk.ask(
        "organiser", organisation_id=add_block(desk.cast), source="paper",
        contact_address="block@union.example",
    )  # fmt: skip
    assert told("received") == ["block@union.example"]


def test_who_coordinates_no_more_is_not_written_to(desk: Desk) -> None:
    request = desk.ask(contact_address="office@a1.example")
    with unit_of_work():
        db.session.execute(
            RoleAssignment.__table__.delete().where(  # type: ignore[attr-defined]
                RoleAssignment.person_id == desk.cast.coordinator.id
            )
        )
    with unit_of_work():
        begin_talks(desk.cast.actor("organiser"), request.id, at=NOW)
    assert told("in_talks") == ["office@a1.example"]


def test_nothing_is_told_of_what_did_not_happen(desk: Desk) -> None:
    request = desk.ask()
    with unit_of_work():
        change_request(desk.cast.actor("coordinator"), request.id, desk.plan(), version=1, at=NOW)
    assert told("changed") == []
    desk.ask()  # the button pressed twice
    assert told("received") == [ASKER]


def test_dates_that_no_clock_shows_any_more_are_left_out(app: Flask, desk: Desk) -> None:
    request = desk.ask(dates=(wished("2026-11-05 10:00"),))
    with unit_of_work():
        db.session.get_one(type(request), request.id).timezone = "Mars/Base"
    with unit_of_work():
        begin_talks(desk.cast.actor("organiser"), request.id, at=NOW)
    assert "2026年11月5日" not in text_of(app, mails("in_talks")[0])


def test_those_who_asked_learn_what_becomes_of_the_meeting(app: Flask, desk: Desk) -> None:
    request = desk.ask()
    staff = desk.cast.actor("organiser")
    with unit_of_work():
        edition_id = accept_request(staff, request.id, desk.acceptance(), version=1, at=NOW)
    session_id = str(db.session.scalar(select(LiveSession.id)))
    assert told("published") == []
    with unit_of_work():
        publish_edition(edition_id, actor=staff, at=NOW)
    text = text_of(app, mails("published")[0])
    assert "/courses/due-diligence/" in text
    plan = SessionPlan(
        title={"ja": "勉強会"},
        starts_local=wished("2026-11-06 10:00").starts_local,
        ends_local=wished("2026-11-06 10:00").ends_local,
        venue_name={"ja": "名古屋会館"},
        web_url="https://meet.example/nagoya",
    )
    with unit_of_work():
        change_live_session(staff, session_id, plan, at=NOW)
    (mail,) = mails("moved")
    assert (mail.to_address, "2026年11月6日(金)" in text_of(app, mail)) == (ASKER, True)
    with unit_of_work():
        cancel_live_session(staff, session_id, at=NOW)
    assert told("called_off") == [ASKER]


def test_a_meeting_put_off_without_a_date_has_none(app: Flask, desk: Desk) -> None:
    request = desk.ask()
    staff = desk.cast.actor("organiser")
    with unit_of_work():
        edition_id = accept_request(staff, request.id, desk.acceptance(), version=1, at=NOW)
    with unit_of_work():
        session = db.session.scalars(select(LiveSession)).one()
        session.on_hold_at = session.cancelled_at = NOW
        raise_event(EditionPostponed("x", edition_id, NOW))
    text = text_of(app, mails("moved")[0])
    assert "新しい日程は、決まりしだいお知らせします。" in text
    assert "11月5日" not in text
