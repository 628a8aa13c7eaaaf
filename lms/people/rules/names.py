"""Names: how they are shown, found and put in order. What was typed is never changed."""

from dataclasses import dataclass
from typing import Protocol

from lms.kernel.ids import PersonId
from lms.kernel.japanese import kana_sort_key, search_document


class Named(Protocol):
    """What names a person, in the fields of the `person` table."""

    family_name: str
    given_name: str
    full_name: str
    call_me: str


class FullyNamed(Named, Protocol):
    """All names of a person, in the fields of the `person` table."""

    family_kana: str
    given_kana: str
    romanised_family: str
    romanised_given: str
    romanised_order: str
    other_name: str
    login_id: str | None
    address: str | None


@dataclass(frozen=True, slots=True)
class PersonName:
    """A person's name in the forms that lists, letters and certificates need.

    `shown` is the name on pages; `kana` its reading or ''; `latin` the name for papers in
    Latin script, in the person's own order; `call_me` how to address them, or ''.
    `japanese` tells whether the name is written in Japanese (then letters add an honorific).
    """

    person_id: PersonId
    shown: str
    kana: str
    latin: str
    call_me: str
    sort_key: str
    japanese: bool


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def display_name(person: Named) -> str:
    """Return the name shown on pages: family then given name in Japanese, else the full name."""
    if person.family_name or person.given_name:
        return _joined(person.family_name, person.given_name)
    return person.full_name


def kana_name(person: FullyNamed) -> str:
    """Return the reading of the name, or ''."""
    return _joined(person.family_kana, person.given_kana)


def latin_name(person: FullyNamed) -> str:
    """Return the name for papers in Latin script.

    Family name first is written YAMADA Haruo, the form of the Japanese government since 2020;
    given name first is written as typed. Without romanised names: the name shown on pages.
    """
    family, given = person.romanised_family, person.romanised_given
    if family or given:
        if person.romanised_order == "given_first":
            return _joined(given, family)
        return _joined(family.upper(), given)
    return display_name(person)


def derive_search_key(person: FullyNamed) -> str:
    """Return the text in which a `search_key` of any form of the name is found."""
    return search_document(
        person.family_name + person.given_name,
        display_name(person),
        person.family_kana + person.given_kana,
        kana_name(person),
        _joined(person.romanised_family, person.romanised_given),
        _joined(person.romanised_given, person.romanised_family),
        person.full_name,
        person.call_me,
        person.other_name,
        person.login_id or "",
        person.address or "",
    )


def derive_sort_key(person: FullyNamed) -> str:
    """Return the key in whose plain order rosters stand."""
    if person.family_name or person.given_name:
        return kana_sort_key(
            person.family_kana, person.given_kana, person.family_name, person.given_name
        )
    return kana_sort_key("", "", person.full_name, "")
