"""Adding and changing people, their memberships and roles."""

import secrets
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from lms.infra.audit import record_act
from lms.infra.db import db
from lms.infra.i18n import LANGUAGES
from lms.kernel.actor import Actor
from lms.kernel.ids import PersonId
from lms.kernel.japanese import KanaError, to_katakana
from lms.kernel.wall import is_zone
from lms.people import policy
from lms.people.errors import PeopleError, PeopleInputError
from lms.people.models import Person
from lms.people.operations.links import retire_links
from lms.people.queries import (
    count_admins,
    find_person_by_login_id,
    get_person,
    is_admin,
)
from lms.people.rules import (
    clean_address,
    clean_login_id,
    is_address,
    is_login_id,
)

_ID_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another


@dataclass(frozen=True, slots=True)
class Profile:
    """What people say of themselves. Names as typed; kana in any form.

    Either the Japanese names or `full_name` is filled.
    """

    family_name: str = ""
    given_name: str = ""
    family_kana: str = ""
    given_kana: str = ""
    romanised_family: str = ""
    romanised_given: str = ""
    romanised_order: str = "family_first"
    full_name: str = ""
    call_me: str = ""
    other_name: str = ""
    language: str = "ja"
    timezone: str = "Asia/Tokyo"
    country: str | None = None


@dataclass(frozen=True, slots=True)
class NewPerson:
    """An account to be. Without `login_id` one is issued; `address` may be '' or shared."""

    profile: Profile
    login_id: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class KanaChange:
    """A reading that is kept in another form than typed. `field` is its column."""

    field: str
    typed: str
    kept: str


@dataclass(frozen=True, slots=True)
class Written:
    """The person written, and what was changed on the way."""

    person_id: PersonId
    kana_changes: tuple[KanaChange, ...] = field(default=())


def _clean(profile: Profile) -> tuple[Profile, tuple[KanaChange, ...]]:
    """Check a profile; return it with kana as they are kept, and what changed."""
    changes: list[KanaChange] = []
    kana: dict[str, str] = {}
    for name in ("family_kana", "given_kana"):
        typed = getattr(profile, name)
        try:
            kana[name] = to_katakana(typed)
        except KanaError as fault:
            raise PeopleInputError(name, "not_kana", character=fault.text) from None
        if kana[name] != typed.strip():
            changes.append(KanaChange(name, typed.strip(), kana[name]))
    stripped = {
        key: value.strip() for key, value in asdict(profile).items() if isinstance(value, str)
    }
    clean = replace(profile, **(stripped | kana))
    japanese = clean.family_name or clean.given_name
    if not japanese and not clean.full_name:
        raise PeopleInputError("family_name", "no_name")
    if japanese and clean.full_name:
        raise PeopleInputError("full_name", "two_names")
    _check_choices(clean)
    return replace(clean, country=clean.country or None), tuple(changes)


def _check_choices(profile: Profile) -> None:
    if profile.language not in LANGUAGES:
        raise PeopleInputError("language", "language")
    if not is_zone(profile.timezone):
        raise PeopleInputError("timezone", "time_zone")
    country = profile.country or ""
    if country and not (len(country) == 2 and country.isascii() and country.isupper()):  # noqa: PLR2004 - ISO 3166
        raise PeopleInputError("country", "country")
    if profile.romanised_order not in {"family_first", "given_first"}:
        raise PeopleInputError("romanised_order", "order")


def _apply(person: Person, profile: Profile) -> list[str]:
    """Write a clean profile; return the names of the columns that changed."""
    changed = []
    for key, value in asdict(profile).items():
        if getattr(person, key) != value:
            setattr(person, key, value)
            changed.append(key)
    return changed


def _clean_account(login_id: str, address: str, person: Person | None) -> tuple[str, str | None]:
    wanted = clean_login_id(login_id)
    if wanted:
        if not is_login_id(wanted):
            raise PeopleInputError("login_id", "login_id_form")
        other = find_person_by_login_id(wanted)
        if other is not None and (person is None or other.id != person.id):
            raise PeopleInputError("login_id", "login_id_taken")
    else:
        wanted = (person.login_id if person else None) or _issue_login_id()
    kept = clean_address(address)
    if kept and not is_address(kept):
        raise PeopleInputError("address", "address_form")
    return wanted, kept or None


def _flush() -> None:
    """Write now; an id that another transaction took since it was looked up is taken too."""
    try:
        db.session.flush()
    except IntegrityError as error:
        raise PeopleInputError("login_id", "login_id_taken") from error


def _issue_login_id() -> str:
    """Return a free id that is easily read aloud and copied, such as k7mp-29xt."""
    while True:
        letters = "".join(secrets.choice(_ID_LETTERS) for _ in range(8))
        login_id = f"{letters[:4]}-{letters[4:]}"
        if find_person_by_login_id(login_id) is None:
            return login_id


def add_person(actor: Actor, new: NewPerson, *, at: datetime) -> Written:
    """Add an account without a password. Raises PeopleInputError naming the field."""
    policy.require_manage_people(actor)
    profile, changes = _clean(new.profile)
    login_id, address = _clean_account(new.login_id, new.address, None)
    person = Person(login_id=login_id, address=address, created_at=at)
    _apply(person, profile)
    db.session.add(person)
    _flush()
    record_act(actor, "person.added", "person", person.id, at=at)
    return Written(PersonId(person.id), changes)


def edit_person(actor: Actor, person_id: str, new: NewPerson, *, at: datetime) -> Written:
    """Change an account from the desk. Links that went to a former address end.

    Raises PeopleInputError naming the field.
    """
    person = get_person(person_id)
    policy.require_manage_person(actor, person)
    profile, changes = _clean(new.profile)
    login_id, address = _clean_account(new.login_id, new.address, person)
    changed = _apply(person, profile)
    if person.login_id != login_id:
        person.login_id = login_id
        changed.append("login_id")
    if person.address != address:
        person.address = address
        person.address_confirmed_at = None
        for kind in ("invitation", "reset", "address"):
            retire_links(person.id, kind, at)
        changed.append("address")
    _flush()
    if changed:
        record_act(actor, "person.edited", "person", person.id, at=at, fields=sorted(changed))
    return Written(PersonId(person.id), changes)


def update_profile(actor: Actor, person_id: str, profile: Profile, *, at: datetime) -> Written:
    """Change the actor's own profile. Raises PeopleInputError naming the field."""
    person = get_person(person_id)
    policy.require_self(actor, person)
    clean, changes = _clean(profile)
    changed = _apply(person, clean)
    if changed:
        record_act(actor, "person.edited", "person", person.id, at=at, fields=sorted(changed))
    return Written(PersonId(person.id), changes)


def change_time_zone(actor: Actor, person_id: str, timezone: str, *, at: datetime) -> None:
    """Change the actor's own time zone."""
    person = get_person(person_id)
    policy.require_self(actor, person)
    if not is_zone(timezone):
        raise PeopleInputError("timezone", "time_zone")
    if person.timezone != timezone:
        person.timezone = timezone
        record_act(actor, "person.edited", "person", person.id, at=at, fields=["timezone"])


def suspend_person(actor: Actor, person_id: str, *, at: datetime) -> None:
    """Close an account until it is restored; open sign-ins end. Nobody suspends themselves."""
    person = get_person(person_id)
    policy.require_manage_person(actor, person)
    if person.id == actor.person_id:
        raise PeopleError("own_account")
    if person.suspended_at is not None:
        return
    if is_admin(person.id) and count_admins() <= 1:
        raise PeopleError("last_admin")
    person.suspended_at = at
    person.session_epoch += 1
    record_act(actor, "person.suspended", "person", person.id, at=at)


def restore_person(actor: Actor, person_id: str, *, at: datetime) -> None:
    """Open a suspended account again."""
    person = get_person(person_id)
    policy.require_manage_person(actor, person)
    if person.suspended_at is not None:
        person.suspended_at = None
        record_act(actor, "person.restored", "person", person.id, at=at)
