"""Who acts, and which accounts a sign-in may mean."""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    Date,
    String,
    bindparam,
    cast,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)

from lms.infra.db import db
from lms.kernel import clock
from lms.kernel.actor import Actor, Role, RoleGrant
from lms.kernel.ids import OrganisationId, PersonId
from lms.people.models import AccountToken, Membership, Person, RoleAssignment, SignInAttempt
from lms.people.rules import (
    Limit,
    clean_address,
    clean_login_id,
    display_name,
    is_address,
    is_login_id,
    judge_attempts,
)

_ID = re.compile(r"[0-9a-hjkmnp-tv-z]{26}")


def is_id(text: str) -> bool:
    """Whether a text from outside can be an identifier at all (a NUL must not reach the tables)."""
    return _ID.fullmatch(text) is not None


def find_actor(person_id: str, epoch: int, at: datetime) -> Actor | None:
    """Return who acts, detached from the database; None when gone, suspended or signed out.

    One query: every page begins with it.
    """
    if not is_id(person_id):
        return None
    found = db.session.execute(
        _actor_query(), {"person_id": person_id, "today": clock.day_in(at)}
    ).all()
    person: Person | None = found[0][0] if found else None
    if person is None or person.suspended_at is not None or person.session_epoch != epoch:
        return None
    rows = [(kind, a, b) for _person, kind, a, b in found]
    return Actor(
        person_id=PersonId(person.id),
        display_name=display_name(person),
        language=person.language,
        timezone=person.timezone,
        country=person.country,
        roles=frozenset(RoleGrant(Role(a), b) for kind, a, b in rows if kind == "role"),
        organisation_ids=tuple(
            sorted(OrganisationId(a) for kind, a, _b in rows if kind == "member")
        ),
    )


@cache
def _actor_query() -> Any:
    """Return the person with roles and active memberships, one row for each; made once."""
    person_id, today = bindparam("person_id", type_=String), bindparam("today", type_=Date)
    held = union_all(
        select(literal("role").label("kind"), RoleAssignment.role.label("a"),
               RoleAssignment.scope.label("b"))
        .where(RoleAssignment.person_id == person_id),
        select(literal("member"), Membership.organisation_id, cast(null(), String))
        .where(
            Membership.person_id == person_id,
            or_(Membership.starts_on.is_(None), Membership.starts_on <= today),
            or_(Membership.ends_on.is_(None), Membership.ends_on >= today),
        ),
    ).subquery("held")  # fmt: skip
    return (
        select(Person, held.c.kind, held.c.a, held.c.b)
        .outerjoin(held, true())
        .where(Person.id == person_id)
    )


@dataclass(frozen=True, slots=True)
class Account:
    """What signing in needs of a person, detached."""

    person_id: PersonId
    password_hash: str | None
    epoch: int
    suspended: bool
    own_address: bool  # the address is there and no one else has it


def _account(person: Person, *, own_address: bool) -> Account:
    return Account(
        person_id=PersonId(person.id),
        password_hash=person.password_hash,
        epoch=person.session_epoch,
        suspended=person.suspended_at is not None,
        own_address=own_address,
    )


def has_own_address(person: Person) -> bool:
    """Whether the person has an address that nobody else has."""
    if not person.address:
        return False
    return (
        db.session.scalar(
            select(Person.id)
            .where(Person.address == person.address, Person.id != person.id)
            .limit(1)
        )
        is None
    )


def find_account(identifier: str) -> Account | None:
    """Return the one account that an issued id or an address means.

    An address that several people share means none of them: it is never guessed who.
    """
    address = clean_address(identifier)
    if "@" in address:
        if not is_address(address):
            return None
        people = db.session.scalars(select(Person).where(Person.address == address).limit(2)).all()
        return _account(people[0], own_address=True) if len(people) == 1 else None
    login_id = clean_login_id(identifier)
    if not is_login_id(login_id):
        return None
    person = db.session.scalar(select(Person).where(Person.login_id == login_id))
    return None if person is None else _account(person, own_address=has_own_address(person))


def get_account(person: Person) -> Account:
    """Return the account of a known person."""
    return _account(person, own_address=has_own_address(person))


def find_wait(
    subject_hash: str, source_hash: str, subject: Limit, source: Limit, at: datetime
) -> datetime | None:
    """Return until when a subject or a source must wait, or None.

    Failures count; for a subject only those since its last success.
    """
    made: dict[str, list[datetime]] = {"subject": [], "source": []}
    for moment, succeeded in db.session.execute(
        select(SignInAttempt.at, SignInAttempt.succeeded)
        .where(
            SignInAttempt.subject_hash == subject_hash,
            SignInAttempt.at > at - subject.window,
        )
        .order_by(SignInAttempt.at, SignInAttempt.id)
    ):
        if succeeded:
            made["subject"].clear()
        else:
            made["subject"].append(moment)
    made["source"].extend(
        db.session.scalars(
            select(SignInAttempt.at).where(
                SignInAttempt.source_hash == source_hash,
                SignInAttempt.at > at - source.window,
                SignInAttempt.succeeded.is_(False),
            )
        )
    )
    waits = [
        judge_attempts(made["subject"], subject, at),
        judge_attempts(made["source"], source, at),
    ]
    return max((wait for wait in waits if wait is not None), default=None)


def find_token(kind: str, secret_hash: str) -> AccountToken | None:
    """Return the link's row, used and expired ones too."""
    return db.session.scalar(
        select(AccountToken).where(
            AccountToken.kind == kind, AccountToken.secret_hash == secret_hash
        )
    )
