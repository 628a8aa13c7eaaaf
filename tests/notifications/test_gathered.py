"""One mail instead of many: an edition put off or called off, and sessions added together."""

import email
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest
import time_machine
import vobject
from flask import Flask
from sqlalchemy import delete, select

from lms.courses.events import EditionPublished
from lms.courses.models import Edition
from lms.courses.operations import cancel_edition
from lms.enrolment.models import Enrolment, EnrolmentState
from lms.enrolment.operations import apply_for_edition, withdraw_enrolment
from lms.infra.db import db, unit_of_work
from lms.infra.events import raise_event
from lms.infra.mail.models import MailState, OutboxMail
from lms.kernel.ids import PersonId
from lms.notifications.operations import forget_reminders
from lms.people.models import Person
from lms.sessions.models import SessionInvitation
from lms.sessions.operations import SpeakerPlan, schedule_live_session
from lms.sessions.operations.postponing import (
    PostponePlan,
    answer_new_dates,
    move_of,
    postpone_edition,
)
from lms.sessions.operations.series import plan_series, schedule_series
from lms.sessions.queries import postponing as reading
from lms.sessions.rules.postponing import Cause, PostponeKind
from lms.worker import run_worker
from tests.conftest import NOW
from tests.sessions.conftest import CANARY_URL, PLAN, World

FIRST = replace(
    PLAN,
    title={"ja": "懇談会🚆 " + "賃金と労働時間の話" * 9, "en": "Round-table"},
    starts_local=datetime(2026, 11, 2, 16, 0),  # noqa: DTZ001 - wall time
    ends_local=datetime(2026, 11, 2, 17, 30),  # noqa: DTZ001
    venue_name={"ja": "会館; 3階", "en": "Hall, 3rd floor"},
)
SECOND = replace(
    FIRST,
    title={"ja": "閉校式", "en": "Closing"},
    starts_local=datetime(2026, 11, 9, 16, 0),  # noqa: DTZ001
    ends_local=datetime(2026, 11, 9, 17, 30),  # noqa: DTZ001
)
WEEK = timedelta(days=7)


pytestmark = pytest.mark.usefixtures("clock")


class Letter:
    """A mail that arrived: subject, text, and (method, number, event) of every calendar part."""

    def __init__(self, raw: bytes):
        assert CANARY_URL.encode() not in raw
        message = email.message_from_bytes(raw, policy=SMTP)
        assert isinstance(message, EmailMessage)
        self.to = message["To"].addresses[0].addr_spec
        self.subject = str(message["Subject"])
        body = message.get_body(("plain",))
        assert body is not None
        self.text = body.get_content()
        self.events: list[tuple[str, int, Any]] = []
        for part in message.walk():
            if part.get_content_type() != "text/calendar":
                continue
            data: Any = part.get_payload(decode=True)
            for line in data.split(b"\r\n"):
                assert len(line) <= 75
                line.decode()  # folded between characters
            calendar = vobject.readOne(data.decode())
            assert part["Content-Type"].params["method"] == calendar.method.value
            event = calendar.vevent
            assert [guest.value for guest in event.attendee_list] == [f"mailto:{self.to}"]
            self.events.append((calendar.method.value, int(event.sequence.value), event))

    @property
    def words(self) -> list[tuple[str, int]]:
        return [(method, number) for method, number, _event in self.events]


class Post:
    """Fetches what arrived since."""

    def __init__(self, app: Flask):
        self.app = app
        self.seen: set[str] = set()

    def fetch(self) -> dict[str, Letter]:
        """Return the one letter that each recipient got."""
        run_worker(self.app, once=True)
        db.session.rollback()
        folder = self.app.extensions["settings"].mail_folder
        found: dict[str, Letter] = {}
        for file in sorted(folder.glob("*.eml")):
            if file.name in self.seen:
                continue
            self.seen.add(file.name)
            letter = Letter(file.read_bytes())
            assert letter.to not in found, f"two letters to {letter.to}"
            found[letter.to] = letter
        return found

    def skip(self) -> None:
        """Take in what is of no interest."""
        run_worker(self.app, once=True)
        db.session.rollback()
        self.seen |= {
            file.name for file in self.app.extensions["settings"].mail_folder.glob("*.eml")
        }


@pytest.fixture
def post(app: Flask) -> Post:
    return Post(app)


def enrol(world: World, *names: str) -> None:
    for name in names:
        with unit_of_work():
            apply_for_edition(world.edition_id, actor=world.cast.actor(name), at=NOW)


def put_off(world: World, at: datetime, **changes: Any) -> str:
    cards = reading.list_movable(world.edition_id, at)
    plan = PostponePlan(
        PostponeKind.MOVED, Cause.WEATHER, {"ja": "台風19号の接近のため。", "en": "Typhoon 19."},
        tuple(move_of(card, WEEK) for card in cards), at + timedelta(days=10),
    )  # fmt: skip
    with unit_of_work():
        return postpone_edition(world.organiser, world.edition_id, replace(plan, **changes), at=at)


def speaking(world: World) -> tuple[SpeakerPlan, ...]:
    return (SpeakerPlan(PersonId(world.cast.speaker.id)),)


def vars_of(plan: Any, **more: Any) -> dict[str, Any]:
    return {name: getattr(plan, name) for name in plan.__dataclass_fields__} | more


def test_one_mail_tells_each_of_all_new_dates(
    world: World, post: Post, clock: time_machine.Traveller
) -> None:
    first = world.add(**vars_of(FIRST, speakers=speaking(world)))
    second = world.add(**vars_of(SECOND))
    enrol(world, "trainee", "overseas")
    with unit_of_work():
        row = db.session.get_one(Edition, world.edition_id)
        row.capacity, row.approval = 2, "organiser"
    enrol(world, "other_trainee")  # applies, and waits for a decision
    post.skip()
    at = NOW + timedelta(minutes=5)
    clock.move_to(at)
    put_off(world, at)
    told = post.fetch()
    assert set(told) == {
        "trainee@demo.example", "overseas@demo.example", "other@demo.example",
        "speaker@demo.example", "coordinator@demo.example",
    }  # fmt: skip

    mine = told["overseas@demo.example"]
    assert mine.subject.startswith("Postponed, new dates: International labour lectures")
    assert mine.words == [("REQUEST", 1), ("REQUEST", 1)]
    uids = [event.uid.value for _method, _number, event in mine.events]
    assert uids == [f"live-session-{key}@localhost" for key in (first, second)]
    assert mine.events[1][2].dtstart.value.astimezone(UTC) == datetime(
        2026, 11, 16, 7, 0, tzinfo=UTC
    )
    assert "Typhoon 19." in mine.events[0][2].description.value
    for line in (
        "It was: 2 November 2026 (Mon) 15:00\u201316:30 Kuala Lumpur time",
        "At the venue it was: 2 November 2026 (Mon) 16:00\u201317:30",
        "Now: 9 November 2026 (Mon) 15:00\u201316:30 Kuala Lumpur time",
        "At the venue: 9 November 2026 (Mon) 16:00\u201317:30",
        "Now: 16 November 2026 (Mon) 15:00\u201316:30 Kuala Lumpur time",
        "Reason: because of the weather (typhoon, snow, earthquake)",
        "From the organiser: Typhoon 19.",
        "/courses/labour-lectures/2026/new-dates",
    ):
        assert line in mine.text, line

    japanese = told["trainee@demo.example"]
    assert "延期・新日程のお知らせ" in japanese.subject
    assert "変更前: 2026年11月2日(月) 16:00\u201317:30 日本時間(JST)" in japanese.text
    assert "変更後: 2026年11月9日(月) 16:00\u201317:30 日本時間(JST)" in japanese.text
    assert "2026年10月22日(木) 10:05 日本時間(JST) までに" in japanese.text
    assert "主催者より: 台風19号の接近のため。" in japanese.text
    assert japanese.events[0][2].summary.value == FIRST.title["ja"]

    hand = told["speaker@demo.example"]
    assert hand.words == [("REQUEST", 1)]
    assert "ご担当いただく回の日程" in hand.text
    assert "閉校式" not in hand.text
    assert "/new-dates" not in hand.text

    waits = told["other@demo.example"]
    assert waits.words == []
    assert "お申し込みはそのまま有効です" in waits.text

    follows = told["coordinator@demo.example"]
    assert follows.words == []
    assert "ご担当の組織の受講者・申込者: 山瀬 春夫" in follows.text
    assert "髙森" not in follows.text  # of another industrial union
    assert post.fetch() == {}


def test_dates_to_follow_take_all_out_of_calendars_and_new_ones_put_it_back(
    world: World, post: Post, clock: time_machine.Traveller
) -> None:
    world.add(**vars_of(FIRST, speakers=speaking(world)))
    world.add(**vars_of(SECOND))
    enrol(world, "overseas")
    post.skip()
    at = NOW + timedelta(minutes=5)
    clock.move_to(at)
    put_off(world, at, kind=PostponeKind.OPEN, moves=(), answer_until=None)
    told = post.fetch()
    mine = told["overseas@demo.example"]
    assert mine.words == [("CANCEL", 1), ("CANCEL", 1)]
    assert "The new date follows" in mine.events[0][2].description.value
    assert "Now: the new date follows" in mine.text
    assert "You keep your place." in mine.text
    assert told["speaker@demo.example"].words == [("CANCEL", 1)]

    later = NOW + timedelta(days=40)  # long after the old dates
    clock.move_to(later)
    put_off(
        world, later, answer_until=later + timedelta(days=9),
        moves=tuple(
            move_of(card, timedelta(days=70))
            for card in reading.list_movable(world.edition_id, later)
        ),
    )  # fmt: skip
    back = post.fetch()["overseas@demo.example"]
    assert back.subject.startswith("The new dates: ")
    assert "Its new dates are fixed now" in back.text
    assert back.words == [("REQUEST", 2), ("REQUEST", 2)]
    assert "/new-dates" in back.text
    assert {event.status.value for _m, _n, event in back.events} == {"CONFIRMED"}


def test_called_off_takes_all_out_in_one_mail_with_the_reason(
    world: World, post: Post, clock: time_machine.Traveller
) -> None:
    world.add(**vars_of(FIRST, speakers=speaking(world)))
    world.add(**vars_of(SECOND, speakers=speaking(world)))
    enrol(world, "trainee")
    post.skip()
    at = NOW + timedelta(minutes=5)
    clock.move_to(at)
    put_off(world, at, kind=PostponeKind.OFF, moves=(), answer_until=None)
    told = post.fetch()
    assert told["trainee@demo.example"].words == [("CANCEL", 1)] * 2
    assert told["speaker@demo.example"].words == [("CANCEL", 1)] * 2
    assert "主催者より: 台風19号の接近のため。" in told["trainee@demo.example"].text
    assert "ほかの講座もぜひ" in told["trainee@demo.example"].text
    assert "ほかの講座もぜひ" not in told["speaker@demo.example"].text
    assert {letter.subject.split("】")[1][:4] for letter in told.values()} == {"講座中止"}


def test_of_a_draft_that_is_called_off_nobody_is_told(
    world: World, post: Post, clock: time_machine.Traveller
) -> None:
    with unit_of_work():
        db.session.get_one(Edition, world.edition_id).state = "draft"
    world.add(**vars_of(FIRST, speakers=speaking(world)))
    clock.shift(timedelta(minutes=5))
    with unit_of_work():
        cancel_edition(world.edition_id, actor=world.organiser, at=NOW + timedelta(minutes=5))
    assert post.fetch() == {}


def test_who_does_not_answer_is_reminded_once(
    world: World, post: Post, clock: time_machine.Traveller
) -> None:
    world.add(**vars_of(replace(FIRST, starts_local=datetime(2026, 12, 2, 16, 0),  # noqa: DTZ001
                                ends_local=datetime(2026, 12, 2, 17, 30))))  # noqa: DTZ001  # fmt: skip
    enrol(world, "trainee", "other_trainee", "overseas")
    post.skip()
    put_off(world, NOW)  # until ten days later
    post.skip()
    for who, said in (("trainee", "yes"), ("overseas", "unsure")):
        with unit_of_work():
            answer_new_dates(world.cast.actor(who), world.edition_id, said, at=NOW)
    clock.move_to(NOW + timedelta(days=6, hours=23))
    assert post.fetch() == {}
    clock.move_to(NOW + timedelta(days=7, minutes=16))
    told = post.fetch()
    assert set(told) == {"other@demo.example", "overseas@demo.example"}
    assert "まだお返事をいただいていません" in told["other@demo.example"].text
    assert "not sure yet" in told["overseas@demo.example"].text
    clock.move_to(NOW + timedelta(days=8))
    assert post.fetch() == {}


def test_a_member_without_an_address_is_told_through_the_coordinator(
    world: World, post: Post, clock: time_machine.Traveller
) -> None:
    world.add(**vars_of(FIRST))
    with unit_of_work():
        db.session.get_one(Person, world.cast.trainee.id).address = None
    enrol(world, "trainee")
    post.skip()
    at = NOW + timedelta(minutes=5)
    clock.move_to(at)
    put_off(world, at)
    run_worker(post.app, once=True)
    mails = db.session.scalars(
        select(OutboxMail).where(OutboxMail.template == "edition_postponed")
    ).all()
    # One for the member, to pass on, and one about those in the coordinator's charge.
    assert [mail.to_address for mail in mails] == ["coordinator@demo.example"] * 2
    assert all("calendar" not in mail.params for mail in mails)
    assert sorted(bool(mail.params["on_behalf_of"]) for mail in mails) == [False, True]


def test_reminders_of_the_old_date_stop(world: World, post: Post) -> None:
    key = world.add(**vars_of(FIRST))
    enrol(world, "trainee")
    post.skip()
    with unit_of_work():
        db.session.add(
            OutboxMail(
                to_address="trainee@demo.example", to_name="", template="reminder_week",
                params={}, language="ja", timezone="Asia/Tokyo", created_at=NOW,
                dedup_key=f"reminder_week:{key}:x:{world.cast.trainee.id}",
            )
        )  # fmt: skip
    put_off(world, NOW)
    states = db.session.scalars(
        select(OutboxMail.state).where(OutboxMail.template == "reminder_week")
    ).all()
    assert states == [MailState.STOPPED]
    assert forget_reminders([key]) == 0


def test_reminders_follow_the_new_date(
    world: World, post: Post, clock: time_machine.Traveller
) -> None:
    world.add(**vars_of(FIRST))
    enrol(world, "trainee", "overseas")
    put_off(world, NOW)
    post.skip()
    with unit_of_work():
        answer_new_dates(world.cast.actor("trainee"), world.edition_id, "no", at=NOW)
    post.skip()
    clock.move_to(datetime(2026, 11, 1, 7, 30, tzinfo=UTC))  # the day before the old date
    post.skip()
    clock.move_to(datetime(2026, 11, 8, 7, 30, tzinfo=UTC))
    run_worker(post.app, once=True)
    days = db.session.scalars(
        select(OutboxMail.to_address).where(OutboxMail.template == "reminder_day")
    ).all()
    assert days == ["overseas@demo.example"]


# --- sessions added together --------------------------------------------------------------------


def test_a_series_is_told_in_one_mail_each(world: World, post: Post) -> None:
    enrol(world, "trainee", "overseas")
    post.skip()
    plan = replace(FIRST, title={"ja": "第{n}回", "en": "No. {n}"}, speakers=speaking(world))
    days = [datetime(2026, 11, day).date() for day in (4, 11, 18)]  # noqa: DTZ001
    with unit_of_work():
        keys = schedule_series(world.organiser, world.edition_id, plan_series(plan, days), at=NOW)
    told = post.fetch()
    assert {to: letter.words for to, letter in told.items()} == dict.fromkeys(
        ("trainee@demo.example", "overseas@demo.example", "speaker@demo.example"),
        [("REQUEST", 0)] * 3,
    )
    assert told["trainee@demo.example"].subject.startswith("【Tomoni】日程追加のお知らせ（3回）")
    assert told["overseas@demo.example"].subject.startswith("3 new sessions")
    assert "ご担当いただく回のご案内" in told["speaker@demo.example"].subject
    assert [event.uid.value for _m, _n, event in told["speaker@demo.example"].events] == [
        f"live-session-{key}@localhost" for key in keys
    ]


def test_one_session_is_told_as_one(world: World, post: Post) -> None:
    enrol(world, "trainee")
    post.skip()
    with unit_of_work():
        schedule_series(world.organiser, world.edition_id, [FIRST], at=NOW)
    [letter] = post.fetch().values()
    assert "日程追加のお知らせ：懇談会" in letter.subject


def test_who_runs_several_sessions_hears_of_them_in_one_mail_on_publication(
    world: World, post: Post
) -> None:
    with unit_of_work():
        row = db.session.get_one(Edition, world.edition_id)
        row.state, row.ends_on, row.starts_on = "draft", SECOND.ends_local.date(), NOW.date()
    for plan in (FIRST, SECOND):
        with unit_of_work():
            schedule_live_session(
                world.organiser, world.edition_id, replace(plan, speakers=speaking(world)), at=NOW
            )
    assert post.fetch() == {}
    with unit_of_work():
        db.session.get_one(Edition, world.edition_id).state = "published"
        raise_event(EditionPublished(world.edition_id, NOW))
    told = post.fetch()
    assert {to: letter.words for to, letter in told.items()} == {
        "speaker@demo.example": [("REQUEST", 0)] * 2
    }


# --- enrolled before invitations were kept ------------------------------------------------------


def test_who_was_enrolled_before_invitations_is_taken_out_all_the_same(
    world: World, post: Post, clock: time_machine.Traveller
) -> None:
    world.add(**vars_of(FIRST))
    enrol(world, "trainee", "overseas")
    post.skip()
    with unit_of_work():
        db.session.execute(delete(SessionInvitation))
    clock.shift(timedelta(minutes=5))
    at = NOW + timedelta(minutes=5)
    with unit_of_work():
        withdraw_enrolment(world.edition_id, actor=world.cast.actor("trainee"), at=at)
    assert post.fetch()["trainee@demo.example"].words == [("CANCEL", 1)]
    clock.shift(timedelta(minutes=5))
    with unit_of_work():
        cancel_edition(world.edition_id, actor=world.organiser, at=at + timedelta(minutes=5))
    assert post.fetch()["overseas@demo.example"].words == [("CANCEL", 2)]


def test_who_only_applied_is_not_taken_out_of_what_was_never_theirs(
    world: World, post: Post, clock: time_machine.Traveller
) -> None:
    world.add(**vars_of(FIRST))
    with unit_of_work():
        db.session.add(
            Enrolment(
                edition_id=world.edition_id, person_id=world.cast.trainee.id,
                state=EnrolmentState.APPLIED, applied_at=NOW, changed_at=NOW,
            )
        )  # fmt: skip
    clock.shift(timedelta(minutes=5))
    with unit_of_work():
        withdraw_enrolment(
            world.edition_id,
            actor=world.cast.actor("trainee"),
            at=NOW + timedelta(minutes=5),
        )
    assert post.fetch()["trainee@demo.example"].words == []
