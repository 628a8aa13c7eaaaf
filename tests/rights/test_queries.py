"""Who asks, who may know, and at what cost."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import event

from lms.enrolment.models import Enrolment
from lms.infra.db import db, unit_of_work
from lms.kernel.actor import ANONYMOUS, Role
from lms.kernel.errors import NotFoundError
from lms.people.models import Membership
from lms.rights.models import PlaySession, RightsFacts
from lms.rights.queries import (
    decide,
    decide_many,
    may_know,
    viewer_facts,
    viewer_json,
)
from lms.rights.rules import Code, Reach, org_tree_from_json, viewer_from_json
from tests.conftest import NOW, Cast, grant
from tests.rights.conftest import Course, Desk, add_recording, granted


@pytest.fixture
def queries(app: Any) -> Iterator[list[str]]:
    del app
    seen: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    event.remove(db.engine, "before_cursor_execute", note)


def test_what_is_known_of_a_viewer(cast: Cast, course: Course) -> None:
    with unit_of_work():
        db.session.add(
            Membership(
                person_id=cast.trainee.id,
                organisation_id=cast.industrial_b.id,
                starts_on=date(2026, 12, 1),
                ends_on=date(2026, 12, 31),
            )
        )
        db.session.add(
            Membership(
                person_id=cast.trainee.id,
                organisation_id=cast.hq.id,
                ends_on=date(2026, 10, 11),
            )
        )
    case = viewer_json(cast.actor("trainee"), NOW, country="MY")
    assert case == {
        "id": cast.trainee.id,
        "memberships": [
            {"org": cast.affiliate_a.id, "from": 1_585_666_800_000},
            # 1 December to 31 December in Japan; the office of the past is left out.
            {
                "org": cast.industrial_b.id,
                "from": 1_796_050_800_000,
                "until": 1_798_729_200_000,
            },
        ],
        "roles": [],
        "enrolments": [{"course": course.edition_id, "status": "confirmed"}],
        "attended": [],
        "country": "MY",
    }
    facts = viewer_facts(cast.actor("trainee"), NOW, country="MY")
    assert viewer_from_json(case, facts.orgs) == facts.viewer
    assert cast.hq.id in facts.viewer.memberships[0].within
    assert facts.viewer.memberships[0].reach is Reach.AFFILIATE


def test_nothing_is_known_of_somebody_not_signed_in(queries: list[str]) -> None:
    facts = viewer_facts(ANONYMOUS, NOW)
    assert (facts.viewer.id, queries) == (None, [])
    assert viewer_json(ANONYMOUS, NOW) == {"anonymous": True, "country": None}
    assert org_tree_from_json({}) == facts.orgs


def test_the_cost_of_a_decision(desk: Desk, cast: Cast, course: Course, queries: list[str]) -> None:
    desk.agree()
    desk.publish()
    with unit_of_work():
        more = [add_recording(course.edition_id).id for _ in range(30)]
    actor = cast.actor("trainee")
    db.session.rollback()
    queries.clear()
    viewer = viewer_facts(actor, NOW)
    assert len(queries) == 3
    assert decide(viewer, course.recording_id, at=NOW).allowed
    assert len(queries) == 4
    decisions = decide_many(viewer, [course.recording_id, *more, "0" * 26], "play", NOW)
    assert len(queries) == 5
    assert len(decisions) == 31
    assert [one.allowed for one in decisions.values()].count(True) == 1


def test_a_recording_that_is_not_there(cast: Cast, course: Course) -> None:
    viewer = viewer_facts(cast.actor("trainee"), NOW)
    for key in ("0" * 26, "x", "\0", course.edition_id):
        with pytest.raises(NotFoundError):
            decide(viewer, key, at=NOW)


def test_without_frozen_facts_nothing_is_allowed(cast: Cast, desk: Desk, course: Course) -> None:
    desk.agree()
    desk.publish()
    with unit_of_work():
        db.session.delete(db.session.get_one(RightsFacts, course.recording_id))
    viewer = viewer_facts(cast.actor("trainee"), NOW)
    assert Code.RIGHTS_MISSING in decide(viewer, course.recording_id, at=NOW).reasons


def test_who_may_know_of_a_recording(cast: Cast, desk: Desk, course: Course) -> None:
    desk.agree(holder_person_id=cast.speaker.id, grants=(granted("hq"),))
    with unit_of_work():
        grant(cast.front_desk, Role.RIGHTS_OFFICER)
    names = (
        "trainee", "overseas", "other_trainee", "coordinator", "organiser", "speaker",
        "front_desk", "auditor", "admin", "stranger",
    )  # fmt: skip

    def knowing() -> set[str]:
        found = set()
        for name in names:
            viewer = viewer_facts(cast.actor(name), NOW)
            decision = decide(viewer, course.recording_id, at=NOW)
            if may_know(viewer, course.recording_id, decision):
                found.add(name)
        return found

    insiders = {"trainee", "overseas", "organiser", "speaker", "front_desk", "admin"}
    assert knowing() == insiders
    desk.publish(reach=Reach.OUTSIDE, enrolled_only=True, within_rights=False)
    assert knowing() == insiders
    # Shown to everyone in a public course: everybody may be told why not.
    desk.publish(reach=Reach.OUTSIDE, enrolled_only=False, within_rights=False)
    assert knowing() == set(names)
    anonymous = viewer_facts(ANONYMOUS, NOW)
    decision = decide(anonymous, course.recording_id, at=NOW)
    assert Code.LOGIN_REQUIRED in decision.reasons
    assert may_know(anonymous, course.recording_id, decision)


@pytest.mark.parametrize("state", ["applied", "waitlisted", "withdrawn", "declined"])
def test_who_is_not_enrolled_may_not_know(cast: Cast, course: Course, state: str) -> None:
    with unit_of_work():
        db.session.add(
            Enrolment(
                person_id=cast.stranger.id,
                edition_id=course.edition_id,
                state=state,
                applied_at=NOW,
                changed_at=NOW,
            )
        )
    viewer = viewer_facts(cast.actor("stranger"), NOW)
    decision = decide(viewer, course.recording_id, at=NOW)
    assert not may_know(viewer, course.recording_id, decision)


def test_an_organiser_of_the_programme_may_preview(cast: Cast, desk: Desk, course: Course) -> None:
    desk.agree()
    with unit_of_work():
        grant(cast.stranger, Role.ORGANISER, f"programme:{course.programme_id}")
        grant(cast.front_desk, Role.ORGANISER, "programme:" + "0" * 26)
    for name, code in (("stranger", Code.ALLOW_PREVIEW), ("front_desk", Code.STAFF_ONLY)):
        viewer = viewer_facts(cast.actor(name), NOW)
        assert decide(viewer, course.recording_id, "preview", at=NOW).code is code


def test_views_are_counted_where_they_are_limited(cast: Cast, desk: Desk, course: Course) -> None:
    desk.agree(grants=(granted("affiliate", max_views=1),))
    desk.publish()
    viewer = viewer_facts(cast.actor("trainee"), NOW)

    def played(hours: int, *, key: bool) -> None:
        began = NOW - timedelta(hours=hours)
        with unit_of_work():
            db.session.add(
                PlaySession(
                    recording_id=course.recording_id,
                    person_id=cast.trainee.id,
                    media_version=1,
                    generation=1,
                    started_at=began,
                    first_key_at=began if key else None,
                    last_report_at=began,
                    lease_until=began,
                )
            )

    played(30, key=False)
    assert decide(viewer, course.recording_id, at=NOW).allowed
    played(3, key=True)
    assert decide(viewer, course.recording_id, at=NOW).allowed  # the same view, taken up again
    assert decide_many(viewer, [course.recording_id], "play", NOW)[course.recording_id].allowed  # type: ignore[index]
    later = NOW + timedelta(hours=2)
    assert decide(viewer, course.recording_id, at=later).code is Code.RIGHTS_VIEWS


def test_my_consents_cost_the_same_for_many(
    sign_in: Callable[[Any], FlaskClient], cast: Cast, desk: Desk, queries: list[str]
) -> None:
    counts, speaker_id = [], cast.speaker.id
    with time_machine.travel(NOW, tick=False):
        client = sign_in(cast.speaker)
        for _round in range(2):
            for _ in range(5):
                desk.agree(holder_person_id=speaker_id)
            db.session.remove()
            queries.clear()
            assert client.get("/my/consents").status_code == 200
            counts.append(len(queries))
    # The site's settings may be read once more the first time.
    assert counts[1] <= counts[0] <= 8
