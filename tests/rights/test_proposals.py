"""Publishing where the federation wants two people for it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from lms.infra.audit.models import AuditEntry
from lms.infra.db import db, unit_of_work
from lms.infra.site import read_site, write_site
from lms.kernel.actor import SYSTEM, Actor, Role
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.people.models import Person
from lms.people.queries import find_actor
from lms.rights.errors import RightsRefusedError
from lms.rights.models import Publication, PublicationProposal
from lms.rights.operations import (
    OverrideDetails,
    PublicationDetails,
    approve_publication,
    drop_publication,
    propose_publication,
    publish_recording,
    refuse_publication,
    request_override,
    take_down,
    withdraw_agreement,
)
from lms.rights.operations.proposing import details_from_json, details_to_json
from lms.rights.queries.proposals import list_waiting
from lms.rights.rules import Code, Decision, Reach
from tests.conftest import NOW, Cast, add_person, grant
from tests.rights.conftest import Course, Desk, granted

Ask = Callable[..., Decision]
SignIn = Callable[[Any], FlaskClient]
DETAILS = PublicationDetails(reach=Reach.OUTSIDE, enrolled_only=False)


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def second(cast: Cast) -> Person:
    assert cast.hq.id
    with unit_of_work():
        person = add_person("rights5", "権藤", "守")
        grant(person, Role.RIGHTS_OFFICER)
    return person


@pytest.fixture
def officer(second: Person) -> Actor:
    found = find_actor(second.id, second.session_epoch, NOW)
    assert found is not None
    return found


@pytest.fixture
def two(desk: Desk) -> Desk:
    """An agreed recording of a federation that wants two people."""
    with unit_of_work():
        write_site(replace(read_site(), second_approval=True), at=NOW)
    desk.agree(grants=(granted("affiliate"),))
    return desk


def propose(desk: Desk, **more: Any) -> PublicationProposal:
    with unit_of_work():
        return propose_publication(
            desk.actor, desk.course.recording_id, more.pop("details", DETAILS), NOW, **more
        )


def published() -> list[Publication]:
    return list(db.session.scalars(select(Publication).where(Publication.ended_at.is_(None))))


def test_nothing_is_published_directly(two: Desk, ask: Ask) -> None:
    with pytest.raises(RightsRefusedError, match="second_approval"), unit_of_work():
        publish_recording(two.actor, two.course.recording_id, DETAILS, NOW)
    assert published() == []
    assert ask("trainee").code is Code.NOT_PUBLISHED


def test_proposed_approved_published(two: Desk, officer: Actor, ask: Ask) -> None:
    proposal = propose(two)
    assert published() == []
    assert not ask("trainee").allowed
    with pytest.raises(RightsRefusedError, match="own_proposal"), unit_of_work():
        approve_publication(two.actor, proposal.id, "教発第12号", NOW)
    for number in ("", "  "):
        with pytest.raises(InvalidInputError, match="number_missing"), unit_of_work():
            approve_publication(officer, proposal.id, number, NOW)
    with pytest.raises(InvalidInputError, match="text_too_long"), unit_of_work():
        approve_publication(officer, proposal.id, "x" * 61, NOW)
    assert not ask("trainee").allowed
    with unit_of_work():
        approve_publication(officer, proposal.id, " 教発第12号 ", NOW)
    assert ask("trainee").allowed
    assert not ask("overseas").allowed  # within the rights
    row = db.session.get_one(PublicationProposal, proposal.id)
    assert (row.state, row.number, row.decided_by, row.decided_at) == (
        "approved", "教発第12号", officer.person_id, NOW,
    )  # fmt: skip
    acts_late: list[Callable[[], object]] = [
        lambda: approve_publication(officer, proposal.id, "2", NOW),
        lambda: refuse_publication(officer, proposal.id, "x", NOW),
        lambda: drop_publication(two.actor, proposal.id, NOW),
    ]
    for act in acts_late:
        with pytest.raises(RightsRefusedError, match="not_waiting"), unit_of_work():
            act()
    acts = set(db.session.scalars(select(AuditEntry.action)))
    assert {
        "rights.publication_proposed",
        "rights.publication_approved",
        "rights.published",
    } <= acts


def test_refused_with_the_reason(two: Desk, officer: Actor, ask: Ask) -> None:
    proposal = propose(two)
    with pytest.raises(InvalidInputError, match="reason_missing"), unit_of_work():
        refuse_publication(officer, proposal.id, " ", NOW)
    with pytest.raises(RightsRefusedError, match="own_proposal"), unit_of_work():
        refuse_publication(two.actor, proposal.id, "x", NOW)
    with unit_of_work():
        refuse_publication(officer, proposal.id, "期間が長すぎる", NOW)
    assert not ask("trainee").allowed
    assert db.session.get_one(PublicationProposal, proposal.id).note == "期間が長すぎる"
    propose(two)  # another may follow


def test_one_waits_at_a_time(two: Desk) -> None:
    proposal = propose(two)
    with pytest.raises(RightsRefusedError, match="proposal_waiting"):
        propose(two)
    db.session.rollback()
    with unit_of_work():
        drop_publication(two.actor, proposal.id, NOW)
    propose(two)


def test_what_could_not_be_published_cannot_be_proposed(desk: Desk) -> None:
    with pytest.raises(RightsRefusedError, match="nobody_allowed"):
        propose(desk)
    db.session.rollback()
    desk.agree()
    with unit_of_work():
        take_down(desk.actor, desk.course.recording_id, "x", NOW)
    with pytest.raises(RightsRefusedError, match="taken_down"):
        propose(desk)
    db.session.rollback()
    assert db.session.scalars(select(PublicationProposal)).all() == []


def test_the_rights_are_judged_again_when_it_is_approved(
    two: Desk, officer: Actor, ask: Ask
) -> None:
    proposal = propose(two)
    narrower = two.agree(kind="slides", grants=(granted("hq"),))
    with unit_of_work():
        approve_publication(officer, proposal.id, "1", NOW)
    assert ask("organiser").allowed
    assert ask("trainee").code is Code.RIGHTS_AUDIENCE
    with unit_of_work():
        withdraw_agreement(two.actor, narrower.id, NOW, reason="x")
    with pytest.raises(RightsRefusedError, match="nobody_allowed"):
        propose(two)


def test_only_the_rights_desk(cast: Cast, two: Desk) -> None:
    proposal = propose(two)
    acts: list[Callable[[Actor], object]] = [
        lambda who: propose_publication(who, two.course.recording_id, DETAILS, NOW),
        lambda who: approve_publication(who, proposal.id, "1", NOW),
        lambda who: refuse_publication(who, proposal.id, "x", NOW),
        lambda who: drop_publication(who, proposal.id, NOW),
    ]
    for name in ("trainee", "coordinator", "auditor", "speaker"):
        actor = cast.actor(name)
        for act in acts:
            with pytest.raises(NotFoundError), unit_of_work():
                act(actor)


@pytest.mark.parametrize(
    "details",
    [
        DETAILS,
        PublicationDetails(
            ("download", "play"), None, frozenset({"b", "a"}), True,
            date(2026, 10, 12), date(2026, 12, 31),
        ),
    ],
)  # fmt: skip
def test_what_is_kept_is_what_was_proposed(details: PublicationDetails) -> None:
    assert details_from_json(details_to_json(details)) == details


def test_in_the_browser_s_shoes(
    sign_in: SignIn, cast: Cast, second: Person, two: Desk, ask: Ask
) -> None:
    page = f"/desk/recordings/{two.course.recording_id}/rights"
    office, other = sign_in(cast.organiser), sign_in(second)
    form = {"publish-actions": ["play"], "publish-reach": "outside", "how": "within"}
    assert office.post(f"{page}/publish", data=form).status_code == 303
    assert office.post(f"{page}/publish", data=form).status_code == 422
    assert not ask("trainee").allowed
    proposal = db.session.scalars(select(PublicationProposal)).one()
    own = office.get(page).text
    assert 'data-testid="drop-proposal"' in own
    assert 'data-testid="approve-proposal"' not in own
    approve = f"/desk/publication-proposals/{proposal.id}/approve"
    assert office.post(approve, data={"number": "1"}).status_code == 422
    assert 'data-testid="approve-proposal"' in other.get(page).text
    missing = other.post(approve, data={"number": ""})
    assert missing.status_code == 422
    assert f'id="number-{proposal.id}-error"' in missing.text
    refuse = f"/desk/publication-proposals/{proposal.id}/refuse"
    assert other.post(refuse, data={}).status_code == 422
    assert other.post(approve, data={"number": "教発第12号"}).status_code == 303
    assert ask("trainee").allowed
    assert "教発第12号" in other.get(page).text
    assert other.post(approve, data={"number": "1"}).status_code == 409
    for rest in ("approve", "refuse", "drop"):
        for key in ("0" * 26, "x"):
            address = f"/desk/publication-proposals/{key}/{rest}"
            assert office.post(address, data={"number": "1"}).status_code == 404
        stranger = f"/desk/publication-proposals/{proposal.id}/{rest}"
        assert sign_in(cast.trainee).post(stranger, data={"number": "1"}).status_code == 404


def test_the_switch_stands_in_the_site_settings(
    sign_in: SignIn, cast: Cast, course: Course
) -> None:
    client = sign_in(cast.admin)
    shown = client.get("/desk/settings").text
    assert 'name="second_approval"' in shown
    fields = {
        "name_ja": "東和", "accent_hex": "#21406b", "fiscal_year_start": "9",
        **{f"level_{level}_{tag}": "x" for tag in ("ja", "en")
           for level in ("hq", "industrial", "affiliate", "branch", "outside")},
    }  # fmt: skip
    assert course.recording_id
    for value in (True, False):
        more = {"second_approval": "y"} if value else {}
        answer = client.post("/desk/settings", data={**fields, **more})
        assert answer.status_code == 303, answer.text
        assert read_site().second_approval is value


def test_the_demo_and_jobs_publish_without_a_second_person(two: Desk) -> None:
    with unit_of_work():
        assert publish_recording(SYSTEM, two.course.recording_id, DETAILS, NOW + timedelta(hours=1))


def test_what_waits_stands_above_the_board(
    sign_in: SignIn, cast: Cast, second: Person, two: Desk, officer: Actor
) -> None:
    board = "/desk/rights/clearing"
    office = sign_in(cast.organiser)
    assert 'data-testid="waiting"' not in office.get(board).text
    proposal = propose(two)
    with unit_of_work():
        request_override(
            two.actor, two.course.recording_id,
            OverrideDetails(cast.trainee.id, ("play",), NOW.date(), NOW.date(), "x"), NOW,
        )  # fmt: skip
    assert [(one.is_override, one.own) for one in list_waiting(officer, NOW)] == [
        (False, False), (True, False),
    ]  # fmt: skip
    assert all(one.own for one in list_waiting(two.actor, NOW))
    assert 'data-testid="waiting"' in sign_in(second).get(board).text
    with unit_of_work():
        drop_publication(two.actor, proposal.id, NOW)
    later = NOW + timedelta(days=1)  # what has passed waits for nobody
    assert list_waiting(officer, later) == []
    with unit_of_work():
        limited = add_person("rights6", "別府", "守")
        grant(limited, Role.RIGHTS_OFFICER, f"recording:{two.course.paper_id}")
    other = find_actor(limited.id, limited.session_epoch, NOW)
    assert other is not None
    assert list_waiting(other, NOW) == []
