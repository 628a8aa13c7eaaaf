"""Codes of people as sentences and words."""

from typing import assert_never

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from lms.kernel.actor import Role
from lms.kernel.errors import ForbiddenError, InvalidInputError, RefusedError
from lms.people.errors import PeopleError, PeopleInputError
from lms.people.rules import PasswordFault

_REFUSED = {
    "last_admin": _l("This is the last administrator. Name another one first."),
    "own_account": _l("You cannot suspend your own account."),
    "suspended": _l("This account is suspended. Restore it first."),
    "link_unknown": _l(
        "This link is not valid. Please check that you copied all of it, or ask for a new one."
    ),
    "link_used": _l(
        "This link has been used already, or a newer one has taken its place. "
        "Please use the newest mail, or ask for a new link."
    ),
    "link_expired": _l("This link has expired. Please ask for a new one."),
}

_INPUT = {
    "no_name": _l("Please write a name."),
    "two_names": _l("Please fill in only one: the Japanese names, or the full name."),
    "login_id_form": _l(
        "Please use only the letters a to z, digits, dots and hyphens, up to 60 characters."
    ),
    "login_id_taken": _l("Somebody else has this sign-in ID. Please choose another one."),
    "address_form": _l("This is not written like an e-mail address. Example: name@example.org"),
    "address_same": _l("This is your address already."),
    "language": _l("Please choose one of the languages."),
    "time_zone": _l("Please choose one of the time zones."),
    "country": _l("Please choose one of the countries."),
    "order": _l("Please choose one of the orders."),
    "period": _l("The last day is before the first day."),
    "overlap": _l("These days overlap with those of another entry for the same organisation."),
    "code_form": _l("Please use only letters from A to Z, digits, dots and hyphens, up to 40."),
    "code_taken": _l("Another organisation has this code. Please choose another one."),
    "level_under": _l("An organisation of this level cannot stand there."),
    "level_over": _l("Organisations below it cannot stand under this level. Move them first."),
    "no_organisation": _l("Please choose one of the organisations."),
    "cycle": _l("An organisation cannot stand under itself or below."),
    "scope": _l("This role cannot be limited in this way."),
    "granted_already": _l("This role is given already."),
    "wrong_password": _l("This is not your present password."),
}


def password_sentence(fault: PasswordFault) -> str:
    """Say why a password is refused."""
    match fault:
        case PasswordFault.TOO_SHORT:
            return str(_("Please use at least 10 characters. Several words in a row work well."))
        case PasswordFault.TOO_LONG:
            return str(_("Please use at most 200 characters."))
        case PasswordFault.COMMON:
            return str(_("This password is easily guessed. Please choose another one."))
        case PasswordFault.PERSONAL:
            return str(_("Please do not use your ID, address or name as the password."))
        case PasswordFault.UNREADABLE:
            return str(_("This password holds characters that cannot be typed everywhere."))
    assert_never(fault)


def role_label(role: Role) -> str:
    """Return the name of a role."""
    match role:
        case Role.ADMIN:
            return str(_("Administrator"))
        case Role.ORGANISER:
            return str(_("Organiser"))
        case Role.COORDINATOR:
            return str(_("Coordinator"))
        case Role.RIGHTS_OFFICER:
            return str(_("Rights officer"))
        case Role.AUDITOR:
            return str(_("Auditor"))
    assert_never(role)


def refusal_text(error: RefusedError | ForbiddenError | InvalidInputError) -> str | None:
    """Return the sentence for a refusal of people, or None."""
    if isinstance(error, PeopleError):
        return str(_REFUSED[error.code])
    if isinstance(error, ForbiddenError) and error.code == "admin_account":
        return str(_("Only an administrator may change an administrator's account."))
    if not isinstance(error, PeopleInputError):
        return None
    if error.code == "not_kana":
        return str(
            _(
                "Please write the reading in kana only; “%(character)s” is no kana.",
                character=_visible(str(error.facts["character"])),
            )
        )
    if error.code in set(PasswordFault):
        return password_sentence(PasswordFault(error.code))
    return str(_INPUT[error.code])


def _visible(character: str) -> str:
    return character if character.isprintable() else f"U+{ord(character):04X}"
