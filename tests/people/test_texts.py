"""Every refusal has its sentence."""

import re
from pathlib import Path

import pytest
from flask import Flask

import lms.people
from lms.kernel.actor import Role
from lms.people.errors import PeopleError, PeopleInputError
from lms.people.rules import PasswordFault
from lms.people.texts import refusal_text, role_label

SOURCE = "\n".join(
    path.read_text(encoding="utf-8") for path in Path(lms.people.__path__[0]).rglob("*.py")
)


def codes_of(name: str, argument: int) -> set[str]:
    """Return the literal codes with which an error is raised anywhere in the feature."""
    before = r'"?[a-z_]+"?,\s*' * argument
    return set(re.findall(rf'{name}\(\s*{before}"([a-z_]+)"', SOURCE))


def test_every_refusal_that_is_raised_has_its_sentence(app: Flask) -> None:
    refused, input_codes = codes_of("PeopleError", 0), codes_of("PeopleInputError", 1)
    assert {"last_admin", "link_used"} <= refused
    assert {"no_name", "login_id_taken", "cycle", "not_kana"} <= input_codes
    with app.test_request_context():
        for code in refused:
            assert refusal_text(PeopleError(code))
        for code in input_codes | set(PasswordFault):
            assert refusal_text(PeopleInputError("field", code, character="\x00"))


@pytest.mark.parametrize("role", Role)
def test_every_role_has_its_name(app: Flask, role: Role) -> None:
    with app.test_request_context():
        assert role_label(role)
