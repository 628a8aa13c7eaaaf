"""What ends when: the calendar, reminders that come once, renewal, and the week's digest."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from bench.world import counted
from lms.infra.db import db, unit_of_work
from lms.infra.mail.models import OutboxMail
from lms.kernel.actor import SYSTEM, Role
from lms.kernel.clock import JST
from lms.recordings.models import Recording
from lms.rights.models import Agreement, ConsentRequest, PlaySession, Rightsholder, RightsReminder
from lms.rights.operations import log_refusal, rewrite_facts, withdraw_agreement
from lms.rights.operations.expiring import due_renewals, renewal_terms
from lms.rights.queries.digest import read_week
from lms.rights.queries.expiry import list_endings, step_of
from lms.rights.rules import Reach
from lms.worker import run_worker
from tests.conftest import NOW, Cast, grant
from tests.rights.conftest import Course, Desk, add_recording, granted

SignIn = Callable[[Any], FlaskClient]
LAST = date(2026, 12, 31)


@pytest.fixture(autouse=True)
def today() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def noon(days_before: int, last: date = LAST) -> datetime:
    day = last - timedelta(days=days_before)
    return datetime(day.year, day.month, day.day, 12, tzinfo=JST)


@dataclass
class Clock:
    """Lets the worker run on a day, and tells which mails were written then."""

    app: Flask

    def on(self, moment: datetime) -> list[tuple[str, str]]:
        db.session.rollback()
        before = set(db.session.scalars(select(OutboxMail.id)))
        with time_machine.travel(moment, tick=False):
            while run_worker(self.app, once=True):
                pass
        db.session.rollback()
        rows = db.session.execute(
            select(OutboxMail.id, OutboxMail.template, OutboxMail.to_address).order_by(
                OutboxMail.template, OutboxMail.to_address
            )
        )
        return [
            (template, address.partition("@")[0])
            for key, template, address in rows
            if key not in before and template != "rights_week"
        ]


@pytest.fixture
def clock(app: Flask) -> Clock:
    return Clock(app)


def test_the_steps() -> None:
    assert [step_of(days) for days in (61, 60, 31, 30, 15, 14, 8, 7, 2, 1, 0, -1)] == [
        None, 60, 60, 30, 30, 14, 14, 7, 7, 1, 1, None,
    ]  # fmt: skip


def test_the_desk_is_told_at_each_step_and_never_twice(
    clock: Clock, desk: Desk, cast: Cast
) -> None:
    desk.agree(grants=(granted(last_on=LAST),))
    told = {days: clock.on(noon(days)) for days in (61, 60, 59, 45, 30, 14, 10, 7, 1, 0, -1)}
    mail = [("rights_ending", "organiser")]
    assert told == {
        61: [], 60: mail, 59: [], 45: [], 30: mail, 14: mail, 10: [], 7: mail, 1: mail, 0: [],
        -1: [],
    }  # fmt: skip
    steps = select(RightsReminder.days).where(RightsReminder.kind == "rights")
    assert list(db.session.scalars(steps.order_by(RightsReminder.id))) == [60, 30, 14, 7, 1]
    assert cast.organiser.address == "organiser@demo.example"


def test_nothing_goes_out_at_night(clock: Clock, desk: Desk) -> None:
    desk.agree(grants=(granted(last_on=LAST),))
    assert clock.on(noon(60).replace(hour=3)) == []
    assert clock.on(noon(60).replace(hour=9)) == [("rights_ending", "organiser")]


def test_after_a_pause_only_the_nearest_step_is_told(clock: Clock, desk: Desk) -> None:
    desk.agree(grants=(granted(last_on=LAST),))
    assert clock.on(noon(5)) == [("rights_ending", "organiser")]
    rows = db.session.scalars(select(RightsReminder).where(RightsReminder.kind == "rights"))
    assert [row.days for row in rows] == [7]


@pytest.mark.parametrize("how", ["renewed", "withdrawn", "destroyed"])
def test_nothing_is_told_of_what_does_not_end(
    clock: Clock, desk: Desk, course: Course, cast: Cast, how: str
) -> None:
    agreement = desk.agree(grants=(granted(last_on=LAST),))
    if how == "renewed":
        desk.agree(grants=(granted(last_on=date(2028, 3, 31)),), lineage=agreement.lineage)
    elif how == "withdrawn":
        with unit_of_work():
            withdraw_agreement(cast.actor("organiser"), agreement.id, NOW, reason="x")
    else:
        with unit_of_work():
            recording = db.session.get(Recording, course.recording_id)
            assert recording is not None
            recording.stage = "destroyed"
            db.session.flush()
            rewrite_facts(recording.id, NOW)
    for days in (60, 30, 7):
        assert "rights_ending" not in [name for name, _to in clock.on(noon(days))]


def test_viewers_are_told_once_and_only_who_may_see_it(clock: Clock, desk: Desk) -> None:
    desk.agree(grants=(granted("affiliate"),))
    desk.publish(last_on=LAST, reach=Reach.AFFILIATE)
    assert "rights_viewing_ends" not in [name for name, _to in clock.on(noon(8))]
    told = clock.on(noon(7))
    viewers = sorted(to for name, to in told if name == "rights_viewing_ends")
    # Enrolled too is somebody abroad, whom the publication does not reach.
    assert viewers == ["trainee"]
    assert [to for name, to in clock.on(noon(6)) if name == "rights_viewing_ends"] == []
    assert [to for name, to in clock.on(noon(1)) if name == "rights_viewing_ends"] == []


def test_the_earlier_of_rights_and_publication_counts_for_viewers(clock: Clock, desk: Desk) -> None:
    earlier = LAST - timedelta(days=10)
    desk.agree(grants=(granted(last_on=earlier),))
    desk.publish(last_on=LAST, within_rights=False)
    told = [to for name, to in clock.on(noon(7, earlier)) if name == "rights_viewing_ends"]
    assert told == ["trainee"]
    due = db.session.scalars(select(RightsReminder.due_on).where(RightsReminder.kind == "viewers"))
    assert list(due) == [earlier]


@pytest.fixture
def holder(cast: Cast) -> Rightsholder:
    del cast
    with unit_of_work():
        holder = Rightsholder(
            name="白浜 汐里", email="shirahama@speakers.example", language="ja", created_at=NOW
        )
        db.session.add(holder)
    return holder


def owned(desk: Desk, holder: Rightsholder, **more: Any) -> Agreement:
    agreement = desk.agree(grants=(granted(last_on=LAST, **more),))
    with unit_of_work():
        row = db.session.get(Agreement, agreement.id)
        assert row is not None
        row.rightsholder_id = holder.id
    return agreement


def test_the_speaker_gets_one_link_to_renew(clock: Clock, desk: Desk, holder: Rightsholder) -> None:
    agreement = owned(desk, holder, territory=["JP"])
    desk.publish()
    clock.on(noon(31))
    assert db.session.scalars(select(ConsentRequest)).all() == []
    clock.on(noon(30))
    clock.on(noon(29))
    clock.on(noon(14))
    request = db.session.scalars(select(ConsentRequest)).one()
    assert (request.kind, request.due_on, request.state) == ("renewal", LAST, "open")
    renewal = db.session.scalars(select(Agreement).where(Agreement.status == "requested")).one()
    assert renewal.lineage == agreement.lineage
    asked = renewal.answers["asked"]
    assert asked["first_on"] == "2027-01-01"
    assert asked["last_on"] > "2027-01-01"
    assert asked["territory"] == ["JP"]
    assert asked["uses"] == ["play"]
    letters = select(OutboxMail.to_address).where(OutboxMail.template.startswith("consent"))
    assert set(db.session.scalars(letters)) == {"shirahama@speakers.example"}


def test_what_is_not_published_is_not_asked_about(desk: Desk, holder: Rightsholder) -> None:
    owned(desk, holder)
    assert due_renewals(noon(20)) == {}
    desk.publish()
    assert list(due_renewals(noon(20))) == [holder.id]
    assert due_renewals(noon(31)) == {}
    assert due_renewals(noon(-1)) == {}


def test_a_renewal_asks_for_the_same_again(desk: Desk, holder: Rightsholder) -> None:
    agreement = owned(desk, holder, obligations=["watermark", "stream_only"])
    terms = renewal_terms(agreement, LAST)
    assert terms.uses == frozenset({"play"})
    assert terms.reach is Reach.AFFILIATE
    assert terms.watermark
    assert terms.stream_only
    assert terms.first_on == date(2027, 1, 1)


def test_the_calendar_by_month(
    desk: Desk, holder: Rightsholder, cast: Cast, sign_in: SignIn
) -> None:
    agreement = owned(desk, holder)
    desk.publish(last_on=date(2026, 11, 30))
    with unit_of_work():
        db.session.add(
            RightsReminder(
                subject_id=agreement.id, kind="rights", days=60, due_on=LAST, sent_at=NOW
            )
        )
    client = sign_in(cast.organiser)
    with client.session_transaction() as session:
        session["language"] = "en"
    page = client.get("/desk/rights/expiry").text
    assert page.index("November 2026") < page.index("December 2026")
    assert "60 days before" in page
    assert "80 days left" in page
    assert page.count('data-testid="renew"') == 1
    assert sign_in(cast.auditor).get("/desk/rights/expiry").text.count('data-testid="renew"') == 0
    assert sign_in(cast.trainee).get("/desk/rights/expiry").status_code == 404


def test_the_desk_asks_by_hand(
    desk: Desk, holder: Rightsholder, cast: Cast, sign_in: SignIn
) -> None:
    agreement = owned(desk, holder)
    path = f"/desk/rights/expiry/{agreement.id}/renew"
    assert sign_in(cast.trainee).post(path).status_code == 404
    with unit_of_work():
        grant(cast.stranger, Role.RIGHTS_OFFICER, "programme:01arz3ndektsv4rrffq69g5fav")
    assert sign_in(cast.stranger).post(path).status_code == 404
    assert sign_in(cast.organiser).post(path).status_code == 303
    assert sign_in(cast.organiser).post(path).status_code == 404  # asked already
    assert len(db.session.scalars(select(ConsentRequest)).all()) == 1


def test_ends_are_read_in_a_fixed_number_of_queries(desk: Desk, course: Course) -> None:
    desk.agree(grants=(granted(last_on=LAST),))
    desk.publish(last_on=LAST)
    with counted() as few:
        kinds = [one.kind.value for one in list_endings(SYSTEM, NOW)]
    assert kinds == ["publication", "rights"]
    for _number in range(5):
        with unit_of_work():
            recording = add_recording(course.edition_id)
            rewrite_facts(recording.id, NOW)
        desk.agree(recording_id=recording.id, grants=(granted(last_on=LAST),))
    db.session.rollback()
    with counted() as many:
        assert len(list_endings(SYSTEM, NOW)) == 7
    assert len(many) == len(few) == 3


def test_the_weekly_digest_comes_on_monday_and_only_with_something_in_it(
    clock: Clock, app: Flask, desk: Desk, course: Course, cast: Cast
) -> None:
    del clock
    monday = datetime(2026, 10, 19, 9, tzinfo=JST)

    def digests(moment: datetime) -> list[OutboxMail]:
        with time_machine.travel(moment, tick=False):
            while run_worker(app, once=True):
                pass
        db.session.rollback()
        return list(
            db.session.scalars(
                select(OutboxMail)
                .order_by(OutboxMail.id)
                .where(OutboxMail.template == "rights_week")
            )
        )

    assert digests(NOW) == []  # nothing has happened at all
    desk.agree()
    desk.publish(enrolled_only=False)
    with unit_of_work():
        at = NOW + timedelta(days=1)
        log_refusal(cast.actor("stranger"), course.recording_id, "play", "RIGHTS_AUDIENCE", at)
        db.session.add(
            PlaySession(
                recording_id=course.recording_id, person_id=cast.trainee.id, media_version=1,
                generation=1, started_at=at, first_key_at=at, last_report_at=at, lease_until=at,
            )
        )  # fmt: skip
    assert digests(monday - timedelta(days=1)) == []
    (mail,) = digests(monday)
    assert mail.to_address == "organiser@demo.example"
    assert mail.params["views"] == 1
    assert mail.params["viewers"] == 1
    assert mail.params["refusals"] == [["RIGHTS_AUDIENCE", 1]]
    assert len(digests(monday + timedelta(hours=5))) == 1
    assert len(digests(monday + timedelta(days=2))) == 1


def test_the_week_is_that_of_ones_own_recordings(desk: Desk, course: Course, cast: Cast) -> None:
    desk.agree()
    with unit_of_work():
        grant(cast.stranger, Role.RIGHTS_OFFICER, "programme:01arz3ndektsv4rrffq69g5fav")
        log_refusal(cast.actor("trainee"), course.recording_id, "play", "NOT_PUBLISHED", NOW)
    week = read_week(cast.actor("stranger"), NOW - timedelta(days=1), NOW + timedelta(days=1))
    assert week.is_quiet
    week = read_week(cast.actor("organiser"), NOW - timedelta(days=1), NOW + timedelta(days=1))
    assert week.refusals == (("NOT_PUBLISHED", 1),)
