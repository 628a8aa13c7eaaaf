"""Who is told what, in which language, through whom, and never twice."""

import dataclasses
import importlib
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from lms.completion.events import CertificateIssued, CompletionEarned, CompletionQuestioned
from lms.completion.models import CompletionRule
from lms.courses.models import Edition, Programme
from lms.courses.operations.editions import cancel_edition
from lms.enrolment.events import (
    EnrolmentApplied,
    EnrolmentConfirmed,
    EnrolmentDeclined,
    EnrolmentWaitlisted,
    EnrolmentWithdrawn,
)
from lms.enrolment.models import Enrolment, EnrolmentState
from lms.infra.db import db, unit_of_work
from lms.infra.events import raise_event
from lms.infra.jobs.running import JobContext
from lms.infra.mail.models import MailState, OutboxMail
from lms.infra.mail.rendering import render_text
from lms.kernel.clock import now as clock_now
from lms.kernel.ids import (
    AgreementId,
    CertificateId,
    EditionId,
    EnrolmentId,
    LiveSessionId,
    PersonId,
    RecordingId,
)
from lms.notifications.handlers import HANDLERS
from lms.notifications.operations import due_reminders, remind
from lms.people.events import AddressChangeAsked, PasswordResetAsked, PersonInvited
from lms.people.models import AccountToken, Person
from lms.recordings.models import Recording
from lms.rights.events import AgreementWithdrawn, RecordingPublished, RecordingTakenDown
from lms.sessions.events import LiveSessionCancelled, LiveSessionChanged, LiveSessionScheduled
from lms.sessions.models import LiveSession
from lms.worker import run_worker
from tests.conftest import NOW, Cast

SECRET_MEETING = "https://meet.example/j/canary-4711"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


class World:
    """A published edition with a session in three days, and ways to see what was told."""

    def __init__(self, app: Flask, cast: Cast):
        self.app = app
        self.cast = cast
        with unit_of_work():
            programme = Programme(
                slug="lectures", kind="series",
                title={"ja": "国際労働講座", "en": "International labour lectures"},
                summary={}, purpose={}, audience={}, languages=["ja", "en"], created_at=NOW,
            )  # fmt: skip
            db.session.add(programme)
            db.session.flush()
            edition = Edition(
                programme_id=programme.id, slug="2026", title={"ja": "第1期", "en": "First run"},
                mode="hybrid", languages=["ja", "en"], state="published", created_at=NOW,
            )  # fmt: skip
            db.session.add(edition)
            db.session.flush()
            self.edition_id = EditionId(edition.id)
            self.session_id = LiveSessionId(self.add_session(NOW + timedelta(days=3)))
            recording = Recording(
                edition_id=edition.id, kind="video", title={"ja": "賃金の話", "en": "On wages"},
                created_at=NOW,
            )  # fmt: skip
            db.session.add(recording)
            db.session.flush()
            self.recording_id = RecordingId(recording.id)

    def add_session(self, starts_at: datetime) -> str:
        """Add a session of two hours to the current transaction."""
        session = LiveSession(
            edition_id=self.edition_id,
            title={"ja": "懇談会", "en": "Round-table"},
            starts_local=starts_at.replace(tzinfo=None) + timedelta(hours=9),
            ends_local=starts_at.replace(tzinfo=None) + timedelta(hours=11),
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=2),
            venue_name={"ja": "会館3階", "en": "Hall, 3rd floor"},
            venue_address={},
            venue_access={},
            web_url=SECRET_MEETING,
            created_at=NOW,
        )
        db.session.add(session)
        db.session.flush()
        return session.id

    def enrol(self, *people: Person) -> None:
        with unit_of_work():
            for seat, person in enumerate(people, 1):
                db.session.add(
                    Enrolment(
                        edition_id=self.edition_id, person_id=person.id,
                        state=EnrolmentState.ENROLLED, seat=seat, applied_at=NOW, changed_at=NOW,
                    )
                )  # fmt: skip

    def hear(self, *events: object) -> None:
        """Let events be handled as after an operation."""
        with unit_of_work():
            for event in events:
                raise_event(event)

    def mails(self, template: str | None = None) -> list[OutboxMail]:
        db.session.rollback()
        db.session.expire_all()
        wanted = select(OutboxMail).order_by(OutboxMail.to_address, OutboxMail.id)
        if template is not None:
            wanted = wanted.where(OutboxMail.template == template)
        return list(db.session.scalars(wanted))

    def told(self, template: str) -> list[str]:
        return [mail.to_address for mail in self.mails(template)]

    def read(self, mail: OutboxMail) -> tuple[str, str]:
        return render_text(mail, self.app.extensions["settings"])

    def token(self, person: Person, kind: str = "invitation") -> str:
        with unit_of_work():
            token = AccountToken(
                person_id=person.id, kind=kind, secret_hash=kind, created_at=NOW,
                expires_at=NOW + timedelta(days=7),
            )  # fmt: skip
            db.session.add(token)
            db.session.flush()
            return token.id

    def work(self) -> None:
        run_worker(self.app, once=True)

    def enrolment(self, kind: Callable[..., Any], person: Person, **more: Any) -> Any:
        return kind(
            EnrolmentId("e" * 26), self.edition_id, PersonId(person.id), more.pop("at", NOW), **more
        )


@pytest.fixture
def world(app: Flask, cast: Cast) -> World:
    return World(app, cast)


def without_address(person: Person) -> Person:
    with unit_of_work():
        db.session.get_one(Person, person.id).address = None
    return person


def test_an_invitation_holds_the_link_until_it_is_sent(world: World) -> None:
    person = world.cast.trainee
    token = world.token(person)
    event = PersonInvited(PersonId(person.id), token, "s3cr3t", NOW)
    world.hear(event)
    world.hear(event)  # told again by a repeated act: still one mail
    [mail] = world.mails("invitation")
    subject, text = world.read(mail)
    assert subject == "【Tomoni】アカウント登録のご案内"
    assert text.startswith("山瀬 春夫 様\n")
    assert "http://localhost:8000/invitation/s3cr3t\n" in text
    assert "サインイン用ID: trainee\n" in text
    assert "有効期限: 2026年10月19日(月) 10:00 " in text
    world.work()
    assert "s3cr3t" not in json.dumps(world.mails("invitation")[0].params)


def test_without_an_own_address_the_coordinator_is_told_without_the_secret(world: World) -> None:
    person = without_address(world.cast.trainee)
    world.hear(
        PersonInvited(PersonId(person.id), world.token(person), "s3cr3t", NOW),
        PasswordResetAsked(PersonId(person.id), world.token(person, "reset"), "s3cr3t", NOW),
    )
    for template in ("invitation", "password_reset"):
        [mail] = world.mails(template)
        assert mail.to_address == "coordinator@demo.example"
        _subject, text = world.read(mail)
        assert text.startswith("河﨑 秋江 様\n")
        assert "山瀬 春夫 様" in text
        assert "s3cr3t" not in text + json.dumps(mail.params)


def test_a_shared_address_gets_no_secret_either(world: World) -> None:
    with unit_of_work():
        for person in (world.cast.trainee, world.cast.other_trainee):
            db.session.get_one(Person, person.id).address = "office@branch.example"
    person = world.cast.trainee
    world.hear(PersonInvited(PersonId(person.id), world.token(person), "s3cr3t", NOW))
    [mail] = world.mails("invitation")
    assert mail.to_address == "coordinator@demo.example"
    assert "s3cr3t" not in json.dumps(mail.params)


def test_who_reaches_nobody_is_on_record(world: World) -> None:
    person = without_address(world.cast.stranger)
    world.hear(world.enrolment(EnrolmentApplied, person))
    [mail] = world.mails("enrolment_applied")
    assert (mail.state, mail.last_error) == (MailState.FAILED, "no_address")


def test_a_new_address_is_confirmed_there_and_warned_of_at_the_old(world: World) -> None:
    person = world.cast.overseas
    token = world.token(person, "address")
    world.hear(AddressChangeAsked(PersonId(person.id), token, "s3cr3t", "new@my.example", NOW))
    [confirm] = world.mails("address_change")
    [notice] = world.mails("address_change_notice")
    assert (confirm.to_address, notice.to_address) == ("new@my.example", "overseas@demo.example")
    assert "http://localhost:8000/new-address/s3cr3t" in world.read(confirm)[1]
    assert "s3cr3t" not in json.dumps(notice.params)


@pytest.mark.parametrize(
    ("event", "template", "more"),
    [
        (EnrolmentApplied, "enrolment_applied", {}),
        (EnrolmentConfirmed, "enrolment_confirmed", {}),
        (EnrolmentConfirmed, "enrolment_promoted", {"promoted": True}),
        (EnrolmentWaitlisted, "enrolment_waitlisted", {}),
        (EnrolmentDeclined, "enrolment_declined", {}),
        (EnrolmentWithdrawn, "enrolment_withdrawn", {}),
        (EnrolmentWithdrawn, "enrolment_cancelled", {"by_staff": True}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_step_of_an_enrolment_is_told_once(
    world: World, event: Callable[..., Any], template: str, more: dict[str, Any]
) -> None:
    step = world.enrolment(event, world.cast.trainee, **more)
    world.hear(step)
    world.hear(step)
    assert [mail.template for mail in world.mails()] == [template]
    subject, text = world.read(world.mails()[0])
    assert subject.endswith("：国際労働講座 第1期")
    assert "講座名: 国際労働講座 第1期\n" in text
    # The same step at another time (applied again after a withdrawal) is told again.
    world.hear(world.enrolment(event, world.cast.trainee, at=NOW + timedelta(days=1), **more))
    assert len(world.mails(template)) == 2


def test_who_is_enrolled_learns_what_is_ahead_in_their_zone_and_language(world: World) -> None:
    world.hear(world.enrolment(EnrolmentConfirmed, world.cast.overseas))
    [mail] = world.mails()
    subject, text = world.read(mail)
    assert subject == "You are enrolled: International labour lectures First run"
    assert text.startswith("Dear Aminah binti Salleh,\n")
    assert "When: 15 October 2026 (Thu) 09:00\u201311:00 Kuala Lumpur time\n" in text
    assert "At the venue: 15 October 2026 (Thu) 10:00\u201312:00 Japan time (JST)\n" in text
    assert "Where: Hall, 3rd floor\n" in text
    assert f"http://localhost:8000/live-sessions/{world.session_id}\n" in text
    assert mail.params["calendar"] == [{"live_session_id": world.session_id, "method": "REQUEST"}]


def test_the_meetings_own_address_is_never_in_a_mail(world: World) -> None:
    world.enrol(world.cast.trainee, world.cast.overseas)
    world.hear(
        world.enrolment(EnrolmentConfirmed, world.cast.trainee),
        LiveSessionScheduled(world.session_id, world.edition_id, NOW),
        LiveSessionChanged(world.session_id, world.edition_id, NOW),
    )
    world.work()
    folder = world.app.extensions["settings"].mail_folder
    files = list(folder.iterdir())
    assert len(files) == 4  # the seat to one, the new session to the other, the change to both
    for mail in world.mails():
        assert mail.state == MailState.SENT
        assert "meet.example" not in world.read(mail)[1] + json.dumps(mail.params)


@pytest.mark.parametrize(
    ("event", "template", "method"),
    [
        (LiveSessionScheduled, "session_scheduled", "REQUEST"),
        (LiveSessionChanged, "session_changed", "REQUEST"),
        (LiveSessionCancelled, "session_cancelled", "CANCEL"),
    ],
)
def test_all_who_are_enrolled_are_told_of_a_session_and_nobody_else(
    world: World, event: Callable[..., Any], template: str, method: str
) -> None:
    world.enrol(world.cast.trainee, world.cast.overseas)
    world.hear(event(world.session_id, world.edition_id, NOW))
    world.hear(event(world.session_id, world.edition_id, NOW))
    world.work()
    assert world.told(template) == ["overseas@demo.example", "trainee@demo.example"]
    assert {mail.params["calendar"][0]["method"] for mail in world.mails(template)} == {method}
    assert {mail.language for mail in world.mails(template)} == {"ja", "en"}


def test_each_change_of_a_session_is_told(world: World) -> None:
    world.enrol(world.cast.trainee)
    for sequence in (1, 2):
        with unit_of_work():
            db.session.get_one(LiveSession, world.session_id).sequence = sequence
            raise_event(LiveSessionChanged(world.session_id, world.edition_id, NOW))
        world.work()
    assert len(world.mails("session_changed")) == 2


def test_a_member_without_address_hears_through_the_coordinator_whose_calendar_is_left_alone(
    world: World,
) -> None:
    world.enrol(without_address(world.cast.trainee))
    world.hear(LiveSessionChanged(world.session_id, world.edition_id, NOW))
    world.work()
    [mail] = world.mails("session_changed")
    assert mail.to_address == "coordinator@demo.example"
    assert mail.params["on_behalf_of"] == "山瀬 春夫"
    assert "calendar" not in mail.params


def test_reminders_come_a_day_and_an_hour_before_once_each(
    world: World, clock: time_machine.Traveller
) -> None:
    world.enrol(world.cast.trainee, world.cast.overseas)
    starts_at = NOW + timedelta(days=3)
    clock.move_to(starts_at - timedelta(hours=24, minutes=10))
    world.work()
    assert world.mails() == []
    both = ["overseas@demo.example", "trainee@demo.example"]
    for minutes in (24 * 60 - 5, 24 * 60 - 10, 20 * 60, 90):
        clock.move_to(starts_at - timedelta(minutes=minutes))
        world.work()
        assert world.told("reminder_day") == both
        assert world.told("reminder_hour") == []
    for minutes in (55, 30, 5):
        clock.move_to(starts_at - timedelta(minutes=minutes))
        world.work()
        assert world.told("reminder_hour") == both
    assert world.told("reminder_day") == both
    japanese = next(mail for mail in world.mails("reminder_hour") if mail.language == "ja")
    assert "日時: 2026年10月15日(木) 10:00\u201312:00 " in world.read(japanese)[1]
    english = next(mail for mail in world.mails("reminder_hour") if mail.language == "en")
    assert (
        "When: 15 October 2026 (Thu) 09:00\u201311:00 Kuala Lumpur time" in world.read(english)[1]
    )


def test_a_cancelled_edition_is_told_to_all_it_touched(world: World) -> None:
    organiser = world.cast.actor("organiser")
    world.enrol(world.cast.trainee, world.cast.overseas)
    with unit_of_work():
        cancel_edition(world.edition_id, actor=organiser, at=NOW)
    world.work()
    # The coordinator of the trainee's union reads whom of its members it concerns.
    all_three = ["coordinator@demo.example", "overseas@demo.example", "trainee@demo.example"]
    assert world.told("edition_cancelled") == all_three
    assert {mail.template for mail in world.mails()} == {"edition_cancelled"}
    assert "国際労働講座 第1期" in world.read(world.mails()[2])[1]
    assert "ご担当の組織の受講者・申込者: 山瀬 春夫" in world.read(world.mails()[0])[1]


def test_no_reminder_after_a_withdrawal(world: World, clock: time_machine.Traveller) -> None:
    world.enrol(world.cast.trainee, world.cast.overseas)
    clock.move_to(NOW + timedelta(days=2, minutes=5))
    # The reminders are written, and their jobs wait behind a busy server.
    with unit_of_work():
        [(coming, kind, both)] = due_reminders(clock_now())
        remind(coming.live_session_id, kind, coming.starts_at, both, at=clock_now())
        raise_event(world.enrolment(EnrolmentWithdrawn, world.cast.trainee))
    states = {mail.to_address: mail.state for mail in world.mails("reminder_day")}
    assert states == {
        "trainee@demo.example": MailState.STOPPED,
        "overseas@demo.example": MailState.QUEUED,
    }
    with unit_of_work():
        gone = db.session.scalars(
            select(Enrolment).where(Enrolment.person_id == world.cast.trainee.id)
        ).one()
        gone.state, gone.seat = EnrolmentState.WITHDRAWN, None
    clock.move_to(NOW + timedelta(days=3) - timedelta(minutes=30))
    world.work()
    assert world.told("reminder_hour") == ["overseas@demo.example"]


def test_a_cancelled_session_reminds_nobody(world: World, clock: time_machine.Traveller) -> None:
    world.enrol(world.cast.trainee)
    with unit_of_work():
        db.session.get_one(LiveSession, world.session_id).cancelled_at = NOW
    clock.move_to(NOW + timedelta(days=3) - timedelta(minutes=30))
    world.work()
    assert world.mails() == []


def test_a_session_put_off_is_reminded_of_again(
    world: World, clock: time_machine.Traveller
) -> None:
    world.enrol(world.cast.trainee)
    clock.move_to(NOW + timedelta(days=2, hours=1))
    world.work()
    with unit_of_work():
        session = db.session.get_one(LiveSession, world.session_id)
        session.starts_at += timedelta(days=7)
        session.ends_at += timedelta(days=7)
        session.sequence += 1
    clock.move_to(NOW + timedelta(days=9, hours=1))
    world.work()
    assert len(world.mails("reminder_day")) == 2


def test_a_recording_is_told_of_once_however_often_it_is_published(world: World) -> None:
    world.enrol(world.cast.trainee)
    for day in (0, 1):
        at = NOW + timedelta(days=day)
        world.hear(RecordingPublished(world.recording_id, world.edition_id, at))
        world.work()
    [mail] = world.mails("recording_published")
    subject, text = world.read(mail)
    assert subject == "【Tomoni】録画公開のお知らせ：賃金の話"
    assert "題名: 賃金の話\n" in text


def test_a_takedown_is_told_to_the_enrolled(world: World) -> None:
    world.enrol(world.cast.overseas)
    world.hear(RecordingTakenDown(world.recording_id, world.edition_id, NOW))
    world.work()
    [mail] = world.mails("recording_taken_down")
    assert world.read(mail)[0] == "No longer available: On wages"


def test_a_withdrawn_agreement_is_told_to_those_who_look_after_it(world: World) -> None:
    world.enrol(world.cast.trainee)
    world.hear(AgreementWithdrawn(AgreementId("a1"), world.recording_id, world.edition_id, NOW))
    assert world.told("agreement_withdrawn") == ["organiser@demo.example"]


def test_completion_is_told_by_the_certificate_where_there_is_one(world: World) -> None:
    person = PersonId(world.cast.trainee.id)
    earned = CompletionEarned("a1", world.edition_id, person, NOW)
    world.hear(earned)
    assert world.told("completion_earned") == ["trainee@demo.example"]
    with unit_of_work():
        db.session.add(CompletionRule(edition_id=world.edition_id, gives_certificate=True))
    world.hear(
        CompletionEarned("a2", world.edition_id, person, NOW),
        CertificateIssued(CertificateId("c1"), person, world.edition_id, NOW),
    )
    assert len(world.mails("completion_earned")) == 1
    assert world.told("certificate_issued") == ["trainee@demo.example"]


def test_a_questioned_completion_is_put_to_the_organisers(world: World) -> None:
    person = PersonId(world.cast.trainee.id)
    world.hear(CompletionQuestioned("t1", "a1", world.edition_id, person, NOW))
    assert world.told("completion_questioned") == ["organiser@demo.example"]


def test_what_was_undone_is_not_told(world: World) -> None:
    def act() -> None:
        with unit_of_work():
            raise_event(world.enrolment(EnrolmentApplied, world.cast.trainee))
            raise OSError("undone")

    with pytest.raises(OSError, match="undone"):
        act()
    assert world.mails() == []


def test_many_are_told_in_steps_and_a_job_begun_again_tells_nobody_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.enrol(world.cast.trainee, world.cast.overseas, world.cast.stranger)
    monkeypatch.setattr("lms.notifications.jobs._AT_ONCE", 2)
    broken = {"once": True}
    phase = JobContext.phase

    def breaks_off_once(context: JobContext, permille: int) -> None:
        if context._claim.kind == "tell_of_session" and broken.pop("once", False):
            raise OSError("broken off")
        phase(context, permille)

    monkeypatch.setattr(JobContext, "phase", breaks_off_once)
    world.hear(LiveSessionChanged(world.session_id, world.edition_id, NOW))
    world.work()
    assert len(world.mails("session_changed")) == 2
    with time_machine.travel(NOW + timedelta(seconds=30), tick=False):
        world.work()
    assert len(world.told("session_changed")) == len(set(world.told("session_changed"))) == 3


QUIET = {
    "AttendanceChanged",  # the person's own press, or the desk's list
    "EditionCloned",  # a draft, which nobody knows of yet
    "EnrolmentCancelled",  # the edition will not be held, of which one mail tells
    "AttendanceReconciled",  # what a report or the rule says, for the organiser who sees it
}


@pytest.mark.parametrize(
    "feature", ["people", "enrolment", "sessions", "requests", "rights", "completion"]
)
def test_every_event_is_told_or_quiet_on_purpose(feature: str) -> None:
    module = importlib.import_module(f"lms.{feature}.events")
    events = {
        name: kind
        for name, kind in vars(module).items()
        if dataclasses.is_dataclass(kind) and kind.__module__ == module.__name__
    }
    assert {name for name, kind in events.items() if kind not in HANDLERS} <= QUIET
