"""Rightsholders: who is asked, and where the letter goes."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import ColumnElement, select, update

from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.kernel.actor import Actor
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.kernel.japanese import KanaError, to_katakana
from lms.people.queries import find_person, is_id
from lms.people.rules import clean_address, is_address
from lms.rights.models import Agreement, Rightsholder
from lms.rights.policy import require_rights_staff

_MOST = {"name": 200, "kana": 200, "organisation": 200, "title": 100, "address": 1000, "note": 2000}
_LANGUAGE_LENGTH = 20


@dataclass(frozen=True, slots=True)
class HolderDetails:
    """Who holds rights: a person, or a body (then `organisation` may repeat the name).

    `title` is the office, `address` the postal one, `language` a BCP 47 tag. `person_id` where
    they have an account here.
    """

    name: str
    kana: str = ""
    organisation: str = ""
    title: str = ""
    email: str = ""
    address: str = ""
    language: str = "ja"
    person_id: str | None = None
    note: str = ""


def add_rightsholder(actor: Actor, details: HolderDetails, at: datetime) -> Rightsholder:
    """Enter a rightsholder.

    Raises InvalidInputError (name, kana, organisation, title, email, address, language,
    person_id, note).
    """
    require_rights_staff(actor)
    holder = Rightsholder(**_cleaned(details), created_by=actor.person_id, created_at=at)
    db.session.add(holder)
    db.session.flush()
    record_act(actor, "rightsholder.added", "rightsholder", holder.id, at=at)
    return holder


def change_rightsholder(
    actor: Actor, rightsholder_id: str, details: HolderDetails, at: datetime
) -> Rightsholder:
    """Change a rightsholder. Agreements keep the name under which they were signed.

    An account that came later, or another one, looks after all of them from now on.
    Raises NotFoundError, InvalidInputError as `add_rightsholder`.
    """
    require_rights_staff(actor)
    holder: Rightsholder | None = (
        lock_row(Rightsholder, rightsholder_id) if is_id(rightsholder_id) else None
    )
    if holder is None:
        raise NotFoundError
    _change(actor, holder, _cleaned(details), at)
    return holder


def _change(
    actor: Actor, holder: Rightsholder, values: Mapping[str, str | None], at: datetime
) -> None:
    """Put columns in place of what a rightsholder has; an account gets their agreements too."""
    changed = [name for name, value in values.items() if getattr(holder, name) != value]
    for name in changed:
        setattr(holder, name, values[name])
    if "person_id" in changed:
        db.session.execute(
            update(Agreement)
            .where(Agreement.rightsholder_id == holder.id)
            .values(holder_person_id=holder.person_id)
        )
    if changed:
        record_act(actor, "rightsholder.changed", "rightsholder", holder.id, at=at, fields=changed)


def find_or_add_rightsholder(actor: Actor, details: HolderDetails, at: datetime) -> Rightsholder:
    """Return the rightsholder of the same e-mail, else of the same name and organisation.

    A name that is only similar is another person: they are added. So is one of the same name
    without an organisation who is written to at another address. Where an account is named, its
    rightsholder is meant, else one of this very name without any: several people of an office may
    share an address. Raises InvalidInputError as `add_rightsholder`.
    """
    require_rights_staff(actor)
    values = _cleaned(details)
    known = _find_known(values)
    if known is None:
        return add_rightsholder(actor, details, at)
    fresh = [name for name in ("email", "person_id") if values[name] and not getattr(known, name)]
    _change(actor, known, {name: values[name] for name in fresh}, at)
    return known


def _find_known(values: Mapping[str, str | None]) -> Rightsholder | None:
    """Return the rightsholder whom cleaned columns mean, or None."""
    same_name = Rightsholder.name == values["name"]
    same_address = Rightsholder.email == values["email"]
    same = same_name & (Rightsholder.organisation == values["organisation"])
    if values["email"] and not values["organisation"]:
        same &= Rightsholder.email == ""
    wanted = [same_address, same] if values["email"] else [same]
    if values["person_id"]:
        free = same_name & Rightsholder.person_id.is_(None)
        account = Rightsholder.person_id == values["person_id"]
        wanted = [account, *(one & free for one in wanted)]
    return next((found for one in wanted if (found := _first(one)) is not None), None)


def _first(wanted: ColumnElement[bool]) -> Rightsholder | None:
    return db.session.scalar(
        select(Rightsholder)
        .where(wanted)
        .order_by(Rightsholder.created_at, Rightsholder.id)
        .limit(1)
    )


def _cleaned(details: HolderDetails) -> dict[str, str | None]:
    """Return the columns; names are stored as typed, but for blanks around them."""
    values: dict[str, str | None] = {}
    for one in fields(HolderDetails):
        value = getattr(details, one.name)
        values[one.name] = value.strip() if isinstance(value, str) else value
    if not values["name"]:
        raise InvalidInputError("name", "holder_missing")
    for name, most in _MOST.items():
        if len(values[name] or "") > most:
            raise InvalidInputError(name, "text_too_long", most=most)
    try:
        values["kana"] = to_katakana(values["kana"] or "")
    except KanaError:
        raise InvalidInputError("kana", "kana_unreadable") from None
    email = clean_address(values["email"] or "")
    if email and not is_address(email):
        raise InvalidInputError("email", "email_unreadable")
    values["email"] = email
    language = values["language"] or "ja"
    if len(language) > _LANGUAGE_LENGTH:
        raise InvalidInputError("language", "choice_unknown")
    values["language"] = language
    person_id = values["person_id"]
    if person_id and (not is_id(person_id) or find_person(person_id) is None):
        raise InvalidInputError("person_id", "holder_unknown")
    values["person_id"] = person_id or None
    return values
