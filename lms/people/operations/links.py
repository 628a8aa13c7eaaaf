"""Links sent by mail: invitation, forgotten password, new address. Kept as SHA-256 only."""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import update

from lms.infra.audit import record_act
from lms.infra.db import db
from lms.infra.events import raise_event
from lms.kernel.actor import Actor
from lms.kernel.ids import PersonId, new_id, new_secret
from lms.people import policy
from lms.people.errors import PeopleError, PeopleInputError
from lms.people.events import AddressChangeAsked, PasswordResetAsked, PersonInvited
from lms.people.models import AccountToken, Person
from lms.people.queries import find_account, find_token, get_person, has_own_address
from lms.people.rules import (
    ADDRESS_LINK_LIFE,
    INVITATION_LIFE,
    RESET_LIFE,
    clean_address,
    is_address,
    password_fault,
)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def retire_links(person_id: str, kind: str, at: datetime) -> None:
    """Make earlier links of a kind useless."""
    db.session.execute(
        update(AccountToken)
        .where(
            AccountToken.person_id == person_id,
            AccountToken.kind == kind,
            AccountToken.used_at.is_(None),
        )
        .values(used_at=at)
    )


def _issue(
    person: Person, kind: str, life: timedelta, at: datetime, new_address: str | None = None
) -> tuple[str, str]:
    """Make a link; return its row's id and its secret, which is kept nowhere."""
    retire_links(person.id, kind, at)
    secret = new_secret()
    token = AccountToken(
        person_id=person.id,
        kind=kind,
        secret_hash=_digest(secret),
        new_address=new_address,
        created_at=at,
        expires_at=at + life,
    )
    db.session.add(token)
    db.session.flush()
    return token.id, secret


def invite_person(
    actor: Actor, person_id: str, *, at: datetime, by_hand: bool = False
) -> str | None:
    """Invite a person to set a first password, or again.

    The mail goes out by event. When the person has no address of their own, the mail (to the
    coordinator) holds no secret, and the secret is returned, for the desk to hand over in
    person; else None. `by_hand`: the secret is returned in any case and no mail goes out.
    """
    person = get_person(person_id)
    policy.require_manage_person(actor, person)
    if person.suspended_at is not None:
        raise PeopleError("suspended")
    token_id, secret = _issue(person, "invitation", INVITATION_LIFE, at)
    own = has_own_address(person) and not by_hand
    record_act(actor, "person.invited", "person", person.id, at=at, by_hand=not own)
    if not by_hand:
        raise_event(
            PersonInvited(
                person_id=PersonId(person.id),
                token_id=token_id,
                secret=secret if own else "",
                at=at,
            )
        )
    return None if own else secret


def ask_reset(identifier: str, *, at: datetime) -> None:
    """Send a link to set a new password, if the id or address means one active account.

    Says nothing to the asker. For a person without an address of their own no link is made:
    the event carries no secret, and the coordinator learns that help is asked for; its
    `token_id` then only tells one asking from another.
    """
    account = find_account(identifier)
    if account is None or account.suspended:
        return
    token_id, secret = new_id(), ""
    if account.own_address:
        token_id, secret = _issue(get_person(account.person_id), "reset", RESET_LIFE, at)
    raise_event(
        PasswordResetAsked(person_id=account.person_id, token_id=token_id, secret=secret, at=at)
    )


def check_link(kind: str, secret: str, *, at: datetime) -> AccountToken:
    """Return a link's row. Raises PeopleError: link_unknown, link_used, link_expired."""
    token = find_token(kind, _digest(secret))
    if token is None:
        raise PeopleError("link_unknown")
    if token.used_at is not None:
        raise PeopleError("link_used")
    if token.expires_at <= at:
        raise PeopleError("link_expired")
    if get_person(token.person_id).suspended_at is not None:
        raise PeopleError("link_unknown")
    return token


def check_new_password(person: Person, password: str) -> None:
    """Refuse a password that the rule refuses."""
    own = (
        person.login_id,
        person.address,
        person.full_name,
        person.family_name + person.given_name,
        person.romanised_family + person.romanised_given,
    )
    fault = password_fault(password, own)
    if fault is not None:
        raise PeopleInputError("password", fault.value)


def _take(token: AccountToken, at: datetime) -> None:
    """Use a link up, once: whoever comes second finds it used."""
    taken = db.session.execute(
        update(AccountToken)
        .where(AccountToken.id == token.id, AccountToken.used_at.is_(None))
        .values(used_at=at)
        .execution_options(synchronize_session=False)
    )
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        raise PeopleError("link_used")


def set_password_by_link(kind: str, secret: str, new_hash: str, *, at: datetime) -> PersonId:
    """Set a password with an invitation or a reset link; every open sign-in ends.

    The new password has passed `check_new_password`. Raises PeopleError for the link.
    """
    token = check_link(kind, secret, at=at)
    _take(token, at)
    person = get_person(token.person_id)
    person.password_hash = new_hash
    person.session_epoch += 1
    if person.address_confirmed_at is None and has_own_address(person):
        person.address_confirmed_at = at
    for other in ("invitation", "reset"):
        retire_links(person.id, other, at)
    record_act(
        Actor(person_id=PersonId(person.id)), "person.password_set", "person", person.id, at=at
    )
    return PersonId(person.id)


def change_password(actor: Actor, person_id: str, new_hash: str, *, at: datetime) -> int:
    """Change the actor's own password; other sign-ins end. Return the new epoch."""
    person = get_person(person_id)
    policy.require_self(actor, person)
    person.password_hash = new_hash
    person.session_epoch += 1
    retire_links(person.id, "reset", at)
    record_act(actor, "person.password_changed", "person", person.id, at=at)
    return person.session_epoch


def ask_address_change(actor: Actor, person_id: str, new_address: str, *, at: datetime) -> None:
    """Send a link to a new address; the address changes when the link is used.

    Whether others use the new address already is not told.
    """
    person = get_person(person_id)
    policy.require_self(actor, person)
    address = clean_address(new_address)
    if not is_address(address):
        raise PeopleInputError("new_address", "address_form")
    if address == person.address:
        raise PeopleInputError("new_address", "address_same")
    token_id, secret = _issue(person, "address", ADDRESS_LINK_LIFE, at, address)
    raise_event(
        AddressChangeAsked(
            person_id=PersonId(person.id),
            token_id=token_id,
            secret=secret,
            new_address=address,
            at=at,
        )
    )
    record_act(actor, "person.address_change_asked", "person", person.id, at=at)


def confirm_address(secret: str, *, at: datetime) -> PersonId:
    """Take a new address over by the link that went there. Raises PeopleError for the link."""
    token = check_link("address", secret, at=at)
    _take(token, at)
    person = get_person(token.person_id)
    person.address = token.new_address
    person.address_confirmed_at = at
    retire_links(person.id, "reset", at)  # links that went to the old address
    record_act(
        Actor(person_id=PersonId(person.id)), "person.address_changed", "person", person.id, at=at
    )
    return PersonId(person.id)
