"""`lms people …`: the first administrator, and a way back in."""

import sys
from collections.abc import Callable
from typing import Any

import click

from lms.infra.current import current_settings
from lms.infra.db import unit_of_work
from lms.kernel import clock
from lms.kernel.actor import SYSTEM, Role
from lms.people import operations
from lms.people.errors import PeopleError, PeopleInputError
from lms.people.operations import NewPerson, Profile


@click.group("people")
def people() -> None:
    """Accounts."""


@people.command("add-admin")
@click.argument("login_id")
@click.option("--name", default="", help="Full name; the account can change it.")
@click.option("--address", default="", help="E-mail address.")
@click.pass_obj
def add_admin(make_app: Callable[[], Any], login_id: str, name: str, address: str) -> None:
    """Make LOGIN_ID an administrator (added when missing); write a link to set a password.

    The link is valid for 14 days and works once. An account that exists keeps its details.
    """
    with make_app().app_context():
        at = clock.now()
        profile = Profile(full_name=name or login_id, language="en")
        try:
            with unit_of_work():
                person = operations.ensure_person(
                    NewPerson(profile, login_id, address), roles=((Role.ADMIN, "*"),), at=at
                )
                secret = operations.invite_person(SYSTEM, person.id, at=at, by_hand=True)
        except (PeopleInputError, PeopleError) as error:
            click.echo(f"Not done: {error}", err=True)
            sys.exit(1)
        click.echo(f"{current_settings().base_url}/invitation/{secret}")
