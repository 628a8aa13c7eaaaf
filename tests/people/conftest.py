"""What the tests of people share: passwords, caught events."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lms.config import Settings
from lms.infra import events
from lms.infra.db import db, unit_of_work
from lms.people.events import AddressChangeAsked, PasswordResetAsked, PersonInvited
from lms.people.models import Person
from lms.people.operations import hash_password

PASSWORD = "a quiet lake at dawn"
NEW_PASSWORD = "three boats and a bridge"


@pytest.fixture
def with_password(settings: Settings) -> Callable[..., Person]:
    """Return a function that gives a person a password."""

    def give(person: Person, password: str = PASSWORD) -> Person:
        kept = hash_password(password, settings.password_cost)
        with unit_of_work():
            found = db.session.get(Person, person.id)
            assert found is not None
            found.password_hash = kept
        return person

    return give


@pytest.fixture
def told() -> Iterator[list[Any]]:
    """Collect the events of accounts that were raised and committed, in order."""
    caught: list[Any] = []
    before = dict(events._handlers)
    kinds = (PersonInvited, PasswordResetAsked, AddressChangeAsked)
    events.set_handlers({**before, **dict.fromkeys(kinds, (caught.append,))})
    yield caught
    events.set_handlers(before)
