"""Who of the office is told that a rightsholder has answered."""

from datetime import timedelta

import pytest

from lms.infra.db import unit_of_work
from lms.kernel.actor import Role
from lms.notifications.queries import consent_staff_ids
from lms.people.models import Person
from lms.people.queries import find_actor
from lms.rights.models import ConsentRequest
from lms.rights.operations import (
    HolderDetails,
    ask_consent,
    find_or_add_rightsholder,
    propose_agreement,
)
from lms.rights.rules import Reach
from lms.rights.rules.consent import ConsentTerms
from tests.conftest import NOW, Cast, grant
from tests.rights.conftest import Course, course

__all__ = ["course"]


@pytest.fixture
def asker(cast: Cast) -> Person:
    with unit_of_work():
        grant(cast.front_desk, Role.RIGHTS_OFFICER)
    return cast.front_desk


@pytest.fixture
def letter(asker: Person, course: Course) -> ConsentRequest:
    actor = find_actor(asker.id, asker.session_epoch, NOW)
    assert actor is not None
    terms = ConsentTerms(
        uses=frozenset({"play"}), reach=Reach.AFFILIATE,
        last_on=NOW.date() + timedelta(days=30), record=True,
    )  # fmt: skip
    with unit_of_work():
        details = HolderDetails(name="白浜 汐里", email="s@example.org")
        holder = find_or_add_rightsholder(actor, details, NOW)
        agreement = propose_agreement(actor, course.recording_id, holder.id, "speaker", terms, NOW)
        return ask_consent(actor, holder.id, [agreement.id], NOW)


def test_who_asked_is_told(letter: ConsentRequest, asker: Person) -> None:
    assert consent_staff_ids(letter.id) == [asker.id]


def test_who_asked_and_has_left_is_not_told_but_who_looks_after_it(
    letter: ConsentRequest, asker: Person, cast: Cast
) -> None:
    with unit_of_work():
        asker.suspended_at = NOW
    assert consent_staff_ids(letter.id) == [cast.organiser.id]
