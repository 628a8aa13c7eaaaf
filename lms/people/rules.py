"""Rules of names."""

from typing import Protocol


class Named(Protocol):
    """What names a person, in the fields of the `person` table."""

    family_name: str
    given_name: str
    full_name: str
    call_me: str


def display_name(person: Named) -> str:
    """Return the name shown on pages: 姓 名 in Japanese, else the one full name."""
    if person.family_name or person.given_name:
        return " ".join(part for part in (person.family_name, person.given_name) if part)
    return person.full_name
