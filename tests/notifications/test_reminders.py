"""Reminders as they are written: once, to whom they concern, and as people want them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from lms.courses.models import Programme
from lms.enrolment.operations import apply_for_edition, withdraw_enrolment
from lms.infra.current import current_settings
from lms.infra.db import db, unit_of_work
from lms.infra.mail.models import OutboxMail
from lms.infra.mail.rendering import render_text
from lms.kernel.ids import PersonId
from lms.notifications.operations import due_reminders, remind
from lms.people.models import Person
from lms.sessions.models import SessionReminder
from lms.sessions.operations import (
    ChangeKind,
    MovePlan,
    SpeakerPlan,
    announce_change,
)
from lms.sessions.operations.reminding import set_edition_reminders
from lms.sessions.queries.reminding import Reminders
from lms.worker import run_worker
from tests.at_once import at_once
from tests.conftest import NOW
from tests.sessions.conftest import World

SignIn = Callable[[Person], FlaskClient]
STARTS = datetime(2026, 11, 2, 7, 0, tzinfo=UTC)  # 16:00 in Japan, 15:00 in Kuala Lumpur
LOCAL = {
    "starts_local": datetime(2026, 11, 2, 16, 0),  # noqa: DTZ001 - wall time
    "ends_local": datetime(2026, 11, 2, 17, 30),  # noqa: DTZ001
}


pytestmark = pytest.mark.usefixtures("clock")


def reminded(app: Flask) -> list[tuple[str, str]]:
    """Let the worker work, and return kind and address of every reminder there is."""
    run_worker(app, once=True)
    db.session.rollback()
    rows = db.session.execute(
        select(OutboxMail.template, OutboxMail.to_address)
        .where(OutboxMail.template.startswith("reminder_"))
        .order_by(OutboxMail.template, OutboxMail.to_address)
    )
    return [(template.removeprefix("reminder_"), to.partition("@")[0]) for template, to in rows]


def test_a_week_a_day_and_an_hour_once_each_whoever_runs_it_too(
    world: World, app: Flask, clock: time_machine.Traveller
) -> None:
    world.add(**LOCAL, speakers=(SpeakerPlan(PersonId(world.cast.speaker.id)),))
    world.enrol(world.cast.trainee)
    with unit_of_work():
        set_edition_reminders(world.organiser, world.edition_id, Reminders(), at=NOW)
    assert reminded(app) == []
    seen: list[tuple[str, str]] = []
    for kind, before in (
        ("week", timedelta(days=7)), ("day", timedelta(days=1)), ("hour", timedelta(hours=1)),
    ):  # fmt: skip
        clock.move_to(STARTS - before - timedelta(minutes=1))
        assert reminded(app) == sorted(seen)
        seen += [(kind, "speaker"), (kind, "trainee")]
        for minutes in (0, 5, 10):
            clock.move_to(STARTS - before + timedelta(minutes=minutes))
            assert reminded(app) == sorted(seen)
    clock.move_to(STARTS)
    assert len(reminded(app)) == 6


def test_nobody_is_woken_but_for_what_starts_within_the_hour(
    world: World, app: Flask, clock: time_machine.Traveller
) -> None:
    # 05:00 in Japan on 2 November
    world.add(
        starts_local=datetime(2026, 11, 2, 5, 0),  # noqa: DTZ001
        ends_local=datetime(2026, 11, 2, 6, 0),  # noqa: DTZ001
    )
    world.enrol(world.cast.trainee)
    starts = datetime(2026, 11, 1, 20, 0, tzinfo=UTC)
    clock.move_to(starts - timedelta(days=1) + timedelta(hours=1))  # 06:00, a day before
    assert reminded(app) == []
    clock.move_to(starts - timedelta(days=1) + timedelta(hours=3))  # 08:00
    assert reminded(app) == [("day", "trainee")]
    clock.move_to(starts - timedelta(minutes=50))  # 04:10
    assert reminded(app) == [("day", "trainee"), ("hour", "trainee")]


def test_a_worker_that_was_down_sends_nothing_that_has_lost_its_sense(
    world: World, app: Flask, clock: time_machine.Traveller
) -> None:
    world.add(**LOCAL)
    world.enrol(world.cast.trainee)
    clock.move_to(STARTS - timedelta(hours=7))  # 09:00 on the day itself
    assert reminded(app) == []
    clock.move_to(STARTS - timedelta(minutes=10))
    assert reminded(app) == [("hour", "trainee")]


def test_a_session_put_off_reminds_of_the_new_time_where_that_says_something(
    world: World, app: Flask, clock: time_machine.Traveller
) -> None:
    key = world.add(**LOCAL)
    world.enrol(world.cast.trainee)
    clock.move_to(STARTS - timedelta(days=1))
    assert reminded(app) == [("day", "trainee")]
    # half an hour later, told in the same afternoon: no second word about tomorrow
    clock.shift(timedelta(hours=1))
    _move(world, key, datetime(2026, 11, 2, 16, 30), clock)  # noqa: DTZ001
    assert reminded(app) == [("day", "trainee")]
    # to another week: that one is reminded of anew
    _move(world, key, datetime(2026, 11, 9, 16, 30), clock)  # noqa: DTZ001
    clock.move_to(STARTS - timedelta(minutes=30))
    assert reminded(app) == [("day", "trainee")]
    clock.move_to(datetime(2026, 11, 8, 7, 30, tzinfo=UTC))
    assert reminded(app) == [("day", "trainee")] * 2


def _move(world: World, key: str, starts: datetime, clock: time_machine.Traveller) -> None:
    del clock
    at = datetime.now(UTC)
    plan = MovePlan(starts, starts + timedelta(minutes=90), "Asia/Tokyo")
    with unit_of_work():
        announce_change(world.organiser, key, ChangeKind.MOVED, move=plan, at=at)


def test_none_after_a_withdrawal_or_a_cancellation(
    world: World, app: Flask, clock: time_machine.Traveller
) -> None:
    world.add(**LOCAL)
    gone = world.add(**LOCAL)
    for name in ("trainee", "overseas"):
        with unit_of_work():
            apply_for_edition(world.edition_id, actor=world.cast.actor(name), at=NOW)
    with unit_of_work():
        withdraw_enrolment(world.edition_id, actor=world.cast.actor("trainee"), at=NOW)
        announce_change(world.organiser, gone, ChangeKind.CANCELLED, at=NOW)
    clock.move_to(STARTS - timedelta(days=1))
    assert reminded(app) == [("day", "overseas")]


def test_an_edition_and_each_person_choose(
    world: World, app: Flask, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    world.add(**LOCAL)
    world.enrol(world.cast.trainee)
    world.enrol(world.cast.overseas)
    desk = sign_in(world.cast.organiser)
    place = f"/desk/editions/{world.edition_id}/reminders"
    assert desk.get(place).text.count(" checked") == 2  # usual for a series: day and hour
    assert desk.post(place, data={"day": "y", "hour": "y"}).status_code == 303
    assert desk.get(place).text.count(" checked") == 2
    assert (
        sign_in(world.cast.trainee).post("/account/calendar", data={"day": "y"}).status_code == 303
    )
    found: list[tuple[str, str]] = []
    for before in (timedelta(days=7), timedelta(days=1), timedelta(hours=1)):
        clock.move_to(STARTS - before)
        found = reminded(app)
    assert found == [("day", "overseas"), ("day", "trainee"), ("hour", "overseas")]


@pytest.mark.parametrize(
    ("kind", "usual"),
    [
        ("web_lecture", ["day", "hour"]),
        ("series", ["day", "hour"]),
        ("residential", ["week", "day"]),
        ("staged", ["week", "day", "hour"]),
        ("on_request", ["week", "day", "hour"]),
    ],
)
def test_what_is_usual_goes_by_the_kind_of_programme(
    world: World, app: Flask, clock: time_machine.Traveller, kind: str, usual: list[str]
) -> None:
    with unit_of_work():
        db.session.get_one(Programme, world.programme.id).kind = kind
    world.add(**LOCAL)
    world.enrol(world.cast.trainee)
    for before in (timedelta(days=7), timedelta(days=1), timedelta(hours=1)):
        clock.move_to(STARTS - before)
        reminded(app)
    assert reminded(app) == sorted((one, "trainee") for one in usual)


TICKS = {"remind_of_sessions": 300}


def at_hour(day: int, hour: int) -> dict[str, datetime]:
    start = datetime(2026, 11, day, hour)  # noqa: DTZ001 - wall time
    return {"starts_local": start, "ends_local": start + timedelta(minutes=90)}


def test_of_a_day_full_of_sessions_people_are_reminded_of_the_first(
    world: World, app: Flask, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    with unit_of_work():
        set_edition_reminders(world.organiser, world.edition_id, Reminders(), at=NOW)
    world.enrol(world.cast.trainee)
    speaker = (SpeakerPlan(PersonId(world.cast.speaker.id)),)
    for day in (2, 3, 4):
        for hour in (9, 11, 14):
            world.add(**at_hour(day, hour), speakers=speaker if (day, hour) == (3, 14) else ())
    for moment in sorted(
        datetime(2026, 11, day, hour, tzinfo=UTC) - timedelta(hours=9) - before
        for day in (2, 3, 4)
        for hour in (9, 11, 14)
        for before in (timedelta(days=7), timedelta(days=1), timedelta(hours=1))
    ):
        clock.move_to(moment)
        with monkeypatch.context() as patch:
            # Days pass between the moments: all else that recurs would be due at each of them.
            patch.setitem(app.extensions, "ticks", TICKS)
            reminded(app)

    found = reminded(app)

    trainee = [kind for kind, who in found if who == "trainee"]
    assert trainee.count("week") == 1
    assert trainee.count("day") == 3
    assert trainee.count("hour") == 6  # not in the break between nine and eleven
    # Who speaks on the second day after lunch is reminded of just that.
    assert sorted(kind for kind, who in found if who == "speaker") == ["day", "hour", "week"]
    mail = db.session.scalars(
        select(OutboxMail).where(OutboxMail.template == "reminder_week").limit(1)
    ).one()
    assert "/timetable" in render_text(mail, current_settings())[1]


def test_what_is_held_every_week_has_a_reminder_a_week_ahead_each(
    world: World, app: Flask, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    with unit_of_work():
        set_edition_reminders(world.organiser, world.edition_id, Reminders(), at=NOW)
    world.enrol(world.cast.trainee)
    for day, hour in ((2, 15), (9, 14)):  # the second begins earlier
        world.add(**at_hour(day, hour))
    for moment in (datetime(2026, 10, 26, 6, tzinfo=UTC), datetime(2026, 11, 2, 5, tzinfo=UTC)):
        clock.move_to(moment)
        with monkeypatch.context() as patch:
            patch.setitem(app.extensions, "ticks", TICKS)
            reminded(app)

    assert [kind for kind, who in reminded(app) if who == "trainee"].count("week") == 2


def test_two_workers_remind_nobody_twice(
    world: World, app: Flask, clock: time_machine.Traveller
) -> None:
    world.add(**LOCAL)
    for name in ("trainee", "overseas", "other_trainee"):
        world.enrol(getattr(world.cast, name))
    at = STARTS - timedelta(minutes=55)
    clock.move_to(at)
    [(coming, kind, people)] = due_reminders(at)
    db.session.rollback()
    act = partial(remind, coming.live_session_id, kind, coming.starts_at, people, at=at)

    assert at_once(app, [act] * 4) == []

    db.session.rollback()
    for table in (SessionReminder, OutboxMail):
        assert db.session.scalar(select(func.count()).select_from(table)) == 3
    assert due_reminders(at) == []


def test_who_got_their_seat_today_is_not_told_the_same_again(
    world: World, app: Flask, clock: time_machine.Traveller
) -> None:
    world.add(**LOCAL)
    clock.move_to(STARTS - timedelta(hours=22))
    with unit_of_work():
        apply_for_edition(
            world.edition_id, actor=world.cast.actor("trainee"), at=STARTS - timedelta(hours=22)
        )
    assert reminded(app) == []
    clock.move_to(STARTS - timedelta(hours=1))
    assert reminded(app) == [("hour", "trainee")]
