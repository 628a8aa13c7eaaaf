"""Takedowns of a part or of some uses, contradictions, and what the page says of them."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from lms.infra.db import db, unit_of_work
from lms.kernel.clock import to_ms
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.recordings.models import MediaCopy, Recording
from lms.rights.errors import RightsRefusedError
from lms.rights.models import Override, Segment, Takedown
from lms.rights.operations import (
    SegmentDetails,
    lift_takedown,
    mark_segment,
    rewrite_facts,
    take_down,
    withdraw_agreement,
)
from lms.rights.queries import find_known, read_rights_desk
from lms.rights.rules import Code, Decision
from lms.rights.rules.contradictions import Contradiction, find_clashes
from tests.conftest import NOW, Cast
from tests.rights.conftest import Course, Desk, granted

Ask = Callable[..., Decision]
SignIn = Callable[[Any], FlaskClient]


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def office(sign_in: SignIn, cast: Cast) -> FlaskClient:
    return sign_in(cast.organiser)


@pytest.fixture
def shown(desk: Desk) -> Desk:
    desk.agree(grants=(granted("outside", ("play", "download")),))
    desk.publish(actions=("play", "download"))
    return desk


def mark(desk: Desk, **more: Any) -> str:
    with unit_of_work():
        details = SegmentDetails(10_000, 20_000, way="exempt", basis="statute", **more)
        return mark_segment(desk.actor, desk.course.recording_id, details, NOW).id


def stop(desk: Desk, **more: Any) -> Takedown:
    with unit_of_work():
        return take_down(desk.actor, desk.course.recording_id, "苦情", NOW, **more)


def generation(desk: Desk) -> int:
    db.session.expire_all()
    return db.session.get_one(Recording, desk.course.recording_id).generation


# ------------------------------------------------------------------------------------- takedowns


def test_an_action_is_stopped_for_everyone(shown: Desk, ask: Ask) -> None:
    before = generation(shown)
    takedown = stop(shown, actions=("download",))
    assert generation(shown) == before + 1
    assert ask("trainee", "download").reasons == (Code.RIGHTS_PROHIBITED,)
    assert ask("trainee").allowed
    with pytest.raises(RightsRefusedError, match="taken_down"):
        stop(shown, actions=("download",))
    db.session.rollback()
    stop(shown, actions=("play",))
    with pytest.raises(RightsRefusedError, match="not_taken_down"), unit_of_work():
        lift_takedown(shown.actor, shown.course.recording_id, NOW)  # none of the whole
    with unit_of_work():
        lift_takedown(shown.actor, shown.course.recording_id, NOW, takedown_id=takedown.id)
    assert ask("trainee", "download").allowed
    assert not ask("trainee").allowed


def test_a_part_is_stopped_for_everyone_staff_too(shown: Desk, ask: Ask) -> None:
    key = mark(shown)
    assert ask("trainee").obligations.hide == ()
    takedown = stop(shown, segment_id=key)
    assert ask("trainee").obligations.hide == ((10_000, 20_000),)
    assert ask("organiser", "preview").obligations.hide == ((10_000, 20_000),)
    assert ask("trainee", "download").reasons == (Code.RIGHTS_SEGMENTS,)
    with unit_of_work():
        lift_takedown(shown.actor, shown.course.recording_id, NOW, takedown_id=takedown.id)
    assert ask("trainee").obligations.hide == ()


def test_a_whole_and_a_partial_one_are_lifted_each(shown: Desk, ask: Ask) -> None:
    whole = stop(shown)
    part = stop(shown, actions=("download",))
    assert ask("trainee").code is Code.TAKEDOWN
    with unit_of_work():
        lift_takedown(shown.actor, shown.course.recording_id, NOW, takedown_id=whole.id)
    assert ask("trainee").allowed
    assert not ask("trainee", "download").allowed
    with unit_of_work():
        lift_takedown(shown.actor, shown.course.recording_id, NOW, takedown_id=part.id)
    with pytest.raises(RightsRefusedError, match="not_taken_down"), unit_of_work():
        lift_takedown(shown.actor, shown.course.recording_id, NOW, takedown_id=part.id)


def test_takedowns_that_do_not_hold_together(shown: Desk, course: Course) -> None:
    with unit_of_work():
        other = mark_segment(shown.actor, course.paper_id, SegmentDetails(0, 1, way="cut"), NOW).id
    for segment in (other, "x", "0" * 26):
        with pytest.raises(NotFoundError):
            stop(shown, segment_id=segment)
        db.session.rollback()
    with pytest.raises(InvalidInputError, match="choice_unknown"):
        stop(shown, actions=("fly",))
    db.session.rollback()
    assert db.session.scalars(select(Takedown)).all() == []


def test_a_part_stopped_does_not_keep_from_publishing(shown: Desk, ask: Ask) -> None:
    stop(shown, actions=("download",))
    shown.publish(actions=("play",))
    assert ask("trainee").allowed


def test_one_click_and_a_receipt(  # noqa: PLR0917 - pytest passes by name
    office: FlaskClient, sign_in: SignIn, cast: Cast, shown: Desk, course: Course, ask: Ask
) -> None:
    page = f"/desk/recordings/{course.recording_id}/rights"
    key = mark(shown)
    data = {"takedown-reason": "歌の苦情", "takedown-what": key}
    answer = office.post(f"{page}/takedown", data=data)
    assert answer.status_code == 303
    takedown = db.session.scalars(select(Takedown)).one()
    receipt = f"/desk/takedowns/{takedown.id}"
    assert answer.location == receipt
    shown_receipt = office.get(receipt).text
    assert "歌の苦情" in shown_receipt
    assert takedown.id in shown_receipt
    assert ask("trainee").obligations.hide == ((10_000, 20_000),)
    assert 'data-testid="partial-takedown"' in office.get(page).text
    assert office.post(f"{page}/takedown", data=data).status_code == 409
    assert office.post(f"{page}/lift-takedown", data={"takedown": takedown.id}).status_code == 303
    assert ask("trainee").obligations.hide == ()
    bad = {"takedown-reason": "x", "takedown-what": "0" * 26}
    assert office.post(f"{page}/takedown", data=bad).status_code == 422
    assert (
        office.post(
            f"{page}/takedown", data={"takedown-reason": "x", "takedown-actions": ["fly"]}
        ).status_code
        == 422
    )
    assert sign_in(cast.trainee).get(receipt).status_code == 404
    assert office.get("/desk/takedowns/x").status_code == 404


# -------------------------------------------------------------------------------- contradictions


def clashes(desk: Desk, at: Any = NOW) -> list[tuple[Contradiction, str, str]]:
    db.session.expire_all()
    known = find_known([desk.course.recording_id])[desk.course.recording_id].recording
    return [tuple(one) for one in find_clashes(known, to_ms(at))]  # type: ignore[misc]


def test_agreements_that_agree(desk: Desk) -> None:
    first = desk.agree(grants=(granted("affiliate"),))
    assert clashes(desk) == []
    desk.agree(lineage=first.lineage, grants=(granted("outside"),), signed_on=date(2026, 10, 2))
    assert clashes(desk) == []  # a renewal that gives more
    desk.agree(kind="slides", grants=(granted("hq"),))
    assert clashes(desk) == []  # narrower, but something is left in common


def test_a_narrower_renewal_does_not_end_the_wider_one(desk: Desk, ask: Ask) -> None:
    first = desk.agree(grants=(granted("outside"),))
    later = desk.agree(lineage=first.lineage, grants=(granted("hq"),), signed_on=date(2026, 10, 2))
    assert clashes(desk) == [(Contradiction.WIDER_STANDS, first.id, later.id)]
    desk.publish()
    assert ask("trainee").allowed  # as the page warns


def test_a_grant_that_another_forbids(desk: Desk, ask: Ask) -> None:
    first = desk.agree(grants=(granted("outside"),))
    second = desk.agree(
        lineage=first.lineage, grants=(granted("outside", ("play", "download")),),
        prohibitions=(granted("outside", ("play",)),), signed_on=date(2026, 10, 2),
    )  # fmt: skip
    assert (Contradiction.PROHIBITED, second.id, first.id) in clashes(desk)
    assert Code.RIGHTS_PROHIBITED in ask("trainee").reasons


def test_a_refusal_after_a_signature(desk: Desk) -> None:
    first = desk.agree(grants=(granted("outside"),))
    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):  # ids follow the clock
        refused = desk.agree(lineage=first.lineage, status="refused", signed_on=None, grants=())
    assert clashes(desk) == [(Contradiction.REFUSED_LATER, first.id, refused.id)]
    with unit_of_work():
        withdraw_agreement(desk.actor, first.id, NOW, reason="x")
    assert clashes(desk, NOW + timedelta(seconds=1)) == []


def test_two_rightsholders_with_nothing_in_common(desk: Desk) -> None:
    one = desk.agree(grants=(granted("outside", ("play",)),))
    other = desk.agree(kind="slides", grants=(granted("outside", ("download",)),))
    ((kind, *ids),) = clashes(desk)
    assert kind is Contradiction.NOTHING_COMMON
    assert set(ids) == {one.id, other.id}


def test_the_page_points_them_out(office: FlaskClient, desk: Desk, course: Course) -> None:
    page = f"/desk/recordings/{course.recording_id}/rights"
    first = desk.agree(grants=(granted("outside"),))
    assert 'data-testid="clashes"' not in office.get(page).text
    desk.agree(lineage=first.lineage, grants=(granted("hq"),), signed_on=date(2026, 10, 2))
    assert 'data-testid="clashes"' in office.get(page).text


# ------------------------------------------------------------------------------------- the page


def test_the_desk_reads_why_an_agreement_was_taken_back(
    office: FlaskClient, sign_in: SignIn, cast: Cast, shown: Desk, course: Course
) -> None:
    agreement = read_rights_desk(
        db.session.get_one(Recording, course.recording_id), NOW
    ).lines[0].agreement  # fmt: skip
    with unit_of_work():
        withdraw_agreement(shown.actor, agreement.id, NOW, reason="canary-of-the-speaker")
    page = office.get(f"/desk/recordings/{course.recording_id}/rights").text
    assert "canary-of-the-speaker" in page
    viewer = sign_in(cast.trainee).get(f"/recordings/{course.recording_id}")
    assert "canary-of-the-speaker" not in viewer.text


def test_the_simulator_names_what_is_left_out(
    office: FlaskClient, shown: Desk, course: Course
) -> None:
    with unit_of_work():
        for a, on_deny in ((10_000, "hide"), (70_000, "mute")):
            mark_segment(
                shown.actor, course.recording_id,
                SegmentDetails(a, a + 5_000, on_deny=on_deny), NOW,
            )  # fmt: skip
    query = {
        "organisation": "", "moment": "2026-10-12 10:00", "country": "JP", "action": "play",
        "enrolled": "y",
    }  # fmt: skip
    page = f"/desk/recordings/{course.recording_id}/rights"
    text = office.get(page, query_string=query).text
    assert 'data-testid="simulator-hidden"' in text
    assert "0:10–0:15" in text
    assert 'data-testid="simulator-muted"' in text
    assert "1:10–1:15" in text


def test_an_exception_in_the_browser_s_shoes(  # noqa: PLR0917 - pytest passes by name
    office: FlaskClient, sign_in: SignIn, cast: Cast, desk: Desk, course: Course, ask: Ask
) -> None:
    desk.agree(grants=(granted("outside"),))
    page = f"/desk/recordings/{course.recording_id}/rights"
    form = {
        "override-account": "trainee", "override-actions": ["play"],
        "override-last_on": "2026-10-31", "override-reason": "補講",
    }  # fmt: skip
    for change, field in (
        ({"override-account": "nobody"}, "account"),
        ({"override-account": ""}, "account"),
        ({"override-actions": []}, "actions"),
        ({"override-last_on": ""}, "last_on"),
        ({"override-last_on": "2026-01-01"}, "last_on"),
        ({"override-reason": ""}, "reason"),
    ):
        answer = office.post(f"{page}/overrides", data={**form, **change})
        assert answer.status_code == 422
        assert f'id="override-{field}-error"' in answer.text
    assert db.session.scalars(select(Override)).all() == []
    assert office.post(f"{page}/overrides", data=form).status_code == 303
    override = db.session.scalars(select(Override)).one()
    own = office.get(page).text
    assert 'data-testid="approve-override"' not in own
    approve = f"/desk/overrides/{override.id}/approve"
    assert office.post(approve).status_code == 422
    assert not ask("trainee").allowed
    other = sign_in(cast.admin)
    assert 'data-testid="approve-override"' in other.get(page).text
    assert other.post(approve, data={"number": "総発第3号"}).status_code == 303
    assert ask("trainee").code is Code.ALLOW_OVERRIDE
    assert other.post(approve).status_code == 409
    assert "総発第3号" in office.get(page).text
    assert office.post(f"/desk/overrides/{override.id}/end").status_code == 303
    assert not ask("trainee").allowed
    assert office.post(f"/desk/overrides/{override.id}/end").status_code == 409
    for rest in ("approve", "refuse", "end"):
        assert office.post(f"/desk/overrides/{'0' * 26}/{rest}").status_code == 404
        stranger = sign_in(cast.coordinator).post(f"/desk/overrides/{override.id}/{rest}")
        assert stranger.status_code == 404
    assert sign_in(cast.trainee).post(f"{page}/overrides", data=form).status_code == 404


def test_publishing_a_download_has_the_copy_made(course: Course, desk: Desk) -> None:
    desk.agree(grants=(granted("outside", ("play", "download")),))
    with unit_of_work():
        db.session.add(
            Segment(
                recording_id=course.recording_id, a=60_000, b=90_000, disposition="unresolved",
                media_version=1, created_at=NOW,
            )
        )  # fmt: skip
        rewrite_facts(course.recording_id, NOW)
    desk.publish()
    assert db.session.query(MediaCopy).count() == 0
    desk.publish(actions=("play", "download"))
    copy = db.session.query(MediaCopy).one()
    assert (copy.state, copy.cuts) == ("making", [[60_000, 90_000]])
    desk.publish(actions=("play", "download"))
    assert db.session.query(MediaCopy).one().job_id == copy.job_id


def test_a_paper_without_hidden_pages_is_its_own_copy(course: Course, desk: Desk) -> None:
    desk.agree(
        recording_id=course.paper_id, kind="slides", grants=(granted("outside", ("download",)),)
    )
    desk.publish(recording_id=course.paper_id, actions=("download",))
    assert db.session.query(MediaCopy).count() == 0
