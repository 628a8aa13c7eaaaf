"""Running an edition again."""

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from html import unescape

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select

from lms.completion.models import CompletionRule, Requirement
from lms.completion.operations import set_rule
from lms.completion.rules import EditionRuleDraft, RequirementDraft
from lms.courses.models import Edition, Lesson, Part
from lms.courses.operations import LessonTexts, add_lesson, add_part
from lms.enrolment.models import Enrolment
from lms.infra.db import db, unit_of_work
from lms.kernel.errors import NotFoundError
from lms.kernel.ids import PersonId
from lms.people.models import Person
from lms.sessions.errors import SessionInputError
from lms.sessions.models import (
    EditionAttendanceRule,
    EditionReminders,
    LiveSession,
    SessionSpeaker,
)
from lms.sessions.operations import SpeakerPlan, cancel_live_session
from lms.sessions.operations.cloning import clone_edition
from lms.sessions.rules.planning import shift_keeping_weekday, weekly_days
from tests.conftest import NOW
from tests.sessions.conftest import World

SignIn = Callable[[Person], FlaskClient]
YEAR = timedelta(weeks=52)


@pytest.fixture(autouse=True)
def _stand_still() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def run_again(world: World, shift: timedelta = YEAR) -> str:
    with unit_of_work():
        return clone_edition(
            world.organiser, world.edition_id, {"en": "Once more"}, shift=shift, at=NOW
        )


def test_parts_lessons_sessions_and_rules_come_along_and_nobody_does(world: World) -> None:
    actor, cast = world.organiser, world.cast
    with unit_of_work():
        part_id = add_part(world.edition_id, {"en": "Part"}, actor=actor, at=NOW)
        lesson_id = add_lesson(
            part_id, LessonTexts({"en": "Read"}, 10, {}, {"en": "Text"}), actor=actor, at=NOW
        )
        edition = db.session.get_one(Edition, world.edition_id)
        edition.starts_on, edition.ends_on = date(2026, 10, 12), date(2026, 10, 30)
        edition.apply_until_at = datetime.fromisoformat("2026-10-01T08:00:00+00:00")
    key = world.add(
        part_id=part_id, speakers=(SpeakerPlan(PersonId(cast.speaker.id)),),
        host_id=PersonId(cast.speaker.id), dial_in="secret dial", room={"en": "Room"}, seats=30,
        channels=("ms",), name_format={"en": "Union_Name"},
    )  # fmt: skip
    gone = world.add(title={"en": "Cancelled one"})
    world.enrol(cast.trainee)
    with unit_of_work():
        cancel_live_session(actor, gone, at=NOW)
        set_rule(
            actor, world.edition_id,
            EditionRuleDraft(
                "at_least",
                (
                    RequirementDraft({"en": "Be"}, ({"kind": "attend", "live_session_id": key},)),
                    RequirementDraft({"en": "Read"}, ({"kind": "read", "lesson_id": lesson_id},)),
                    RequirementDraft(
                        {"en": "Watched"}, ({"kind": "watch", "recording_id": "x" * 26},)
                    ),
                ),
                needed=3,
            ),
            at=NOW,
        )  # fmt: skip
        db.session.add(EditionReminders(edition_id=world.edition_id, week=False))
        db.session.add(
            EditionAttendanceRule(
                edition_id=world.edition_id, min_minutes=30, min_percent=50, late_minutes=10,
                early_minutes=10, press_counts=False, missing_is_absent=True, changed_at=NOW,
            )
        )  # fmt: skip

    new_id = run_again(world)

    edition = db.session.get_one(Edition, new_id)
    assert (edition.state, edition.starts_on, edition.ends_on) == (
        "draft", date(2027, 10, 11), date(2027, 10, 29),
    )  # fmt: skip
    assert edition.apply_until_at == datetime.fromisoformat("2027-09-30T08:00:00+00:00")
    (part,) = db.session.scalars(select(Part).where(Part.edition_id == new_id))
    (lesson,) = db.session.scalars(select(Lesson).where(Lesson.part_id == part.id))
    (row,) = db.session.scalars(select(LiveSession).where(LiveSession.edition_id == new_id))
    assert row.starts_local == datetime(2027, 10, 11, 16)  # noqa: DTZ001 - wall time
    assert (row.part_id, row.room, row.seats) == (part.id, {"en": "Room"}, 30)
    assert (row.channels, row.name_format) == (["ms"], {"en": "Union_Name"})
    assert (row.web_url, row.web_passcode, row.dial_in, row.host_id) == ("", "", "", None)
    assert (row.is_recorded, row.recording_state) == (False, "")
    assert (
        db.session.scalar(
            select(func.count()).select_from(Enrolment).where(Enrolment.edition_id == new_id)
        )
        == 0
    )
    assert (
        db.session.scalars(
            select(SessionSpeaker).where(SessionSpeaker.live_session_id == row.id)
        ).all()
        == []
    )
    rule = db.session.get_one(CompletionRule, new_id)
    assert (rule.combine, rule.needed) == ("at_least", 2)
    requirements = db.session.scalars(
        select(Requirement).where(Requirement.edition_id == new_id).order_by(Requirement.position)
    ).all()
    assert [one.routes for one in requirements] == [
        [{"kind": "attend", "live_session_id": row.id}],
        [{"kind": "read", "lesson_id": lesson.id}],
    ]
    reminders = db.session.get_one(EditionReminders, new_id)
    assert (reminders.week, reminders.day) == (False, True)
    asked = db.session.scalars(
        select(EditionAttendanceRule).where(EditionAttendanceRule.edition_id == new_id)
    ).one()
    assert (asked.min_minutes, asked.press_counts) == (30, False)


def test_a_time_that_exists_no_more_undoes_the_whole(world: World) -> None:
    world.add(
        starts_local=datetime(2026, 3, 22, 2, 30),  # noqa: DTZ001 - wall time
        ends_local=datetime(2026, 3, 22, 4, 0),  # noqa: DTZ001
        timezone="Europe/Berlin",
    )

    with pytest.raises(SessionInputError) as refused:
        run_again(world, timedelta(days=7))

    assert refused.value.code == "time_does_not_exist"
    assert db.session.scalar(select(func.count()).select_from(Edition)) == 1


def test_who_does_not_organise_cannot(world: World) -> None:
    with pytest.raises(NotFoundError), unit_of_work():
        clone_edition(
            world.cast.actor("trainee"), world.edition_id, {"en": "x"}, shift=YEAR, at=NOW
        )


def test_the_page_shows_the_new_dates_then_makes_the_draft(world: World, sign_in: SignIn) -> None:
    world.add()
    client = sign_in(world.cast.organiser)
    address = f"/desk/editions/{world.edition_id}/again"
    data = {"title_ja": "労働講座 2027", "first_day": "2027-10-13", "keep_weekday": "y"}

    page = unescape(client.post(address, data=data).get_data(as_text=True))
    before = db.session.scalar(select(func.count()).select_from(Edition))
    mark = re.search(r'value="([0-9a-f]{32})"', page)
    assert mark is not None
    done = client.post(address, data={**data, "anyway": mark[1]})

    # 13 October 2027 is a Wednesday; Monday is kept, and told to be a holiday again.
    assert "2027年10月11日(月) 16:00–17:30" in page
    assert "スポーツの日" in page
    assert before == 1
    assert done.status_code == 303
    days = db.session.scalars(select(LiveSession.starts_local).order_by(LiveSession.starts_at))
    assert [one.date() for one in days] == [date(2026, 10, 12), date(2027, 10, 11)]


@pytest.mark.parametrize(
    "bad",
    [
        {"first_day": "someday", "title_ja": "題"},
        {"first_day": "2027-10-11", "title_ja": "", "title_en": " "},
        {"first_day": "2099-10-11", "title_ja": "題"},
        {"first_day": "2027-02-30", "title_ja": "題"},
    ],
)
def test_dates_and_titles_that_do_not_fit_are_refused(
    world: World, sign_in: SignIn, bad: dict[str, str]
) -> None:
    world.add()

    answer = sign_in(world.cast.organiser).post(
        f"/desk/editions/{world.edition_id}/again", data=bad
    )

    assert answer.status_code == 422
    assert db.session.scalar(select(func.count()).select_from(Edition)) == 1


def test_days_of_a_series_and_of_a_year_later() -> None:
    monday = date(2026, 10, 5)
    assert weekly_days(monday, {0, 2}, 3) == (monday, date(2026, 10, 7), date(2026, 10, 12))
    assert weekly_days(date(2026, 10, 6), {0}, 1) == (date(2026, 10, 12),)
    for wanted in range(14):
        shift = shift_keeping_weekday(monday, monday + timedelta(days=wanted))
        assert shift % 7 == 0
        assert abs(shift - wanted) <= 3
