"""The first administrator, from the command line."""

from click.testing import CliRunner
from flask import Flask

from lms.kernel.actor import Role
from lms.people import queries
from lms.people.cli import people
from tests.people.conftest import NEW_PASSWORD


def test_the_first_administrator_sets_a_password_by_the_link(app: Flask) -> None:
    result = CliRunner().invoke(people, ["add-admin", "chief"], obj=lambda: app)
    assert result.exit_code == 0, result.output
    base, _slash, secret = result.output.strip().rpartition("/invitation/")
    assert base == "http://localhost:8000"
    person = queries.find_person_by_login_id("chief")
    assert person is not None
    assert [role.role for role in queries.list_roles(person.id)] == [Role.ADMIN.value]
    client = app.test_client()
    form = {"password": NEW_PASSWORD, "repeat": NEW_PASSWORD}
    assert client.post(f"/invitation/{secret}", data=form).status_code == 303
    again = CliRunner().invoke(people, ["add-admin", "CHIEF"], obj=lambda: app)
    assert again.exit_code == 0
    assert len(queries.list_roles(person.id)) == 1


def test_an_id_that_does_not_fit_is_refused(app: Flask) -> None:
    result = CliRunner().invoke(people, ["add-admin", "a@b.example"], obj=lambda: app)
    assert result.exit_code == 1
    assert "login_id_form" in result.output
