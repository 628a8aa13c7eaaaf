"""`lms audit`: verify the chain. Needs the database, nothing else of the application."""

import re
import sys
from datetime import UTC
from typing import NoReturn

import click
from sqlalchemy import create_engine
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import SQLAlchemyError

from lms.config import ConfigError, load_settings
from lms.infra.audit.chain import Verification, verify_chain
from lms.kernel import clock

_NOTE = re.compile(r"(\d{1,12}):([0-9a-f]{64})")


@click.group()
def audit() -> None:
    """Look into the audit."""


@audit.command()
@click.option("--noted", help="POSITION:HASH noted at an earlier time, outside the database.")
def verify(noted: str | None) -> None:
    """Recompute the hash chain; name every entry altered, removed or moved.

    Ends with status 1 when something does not fit and 2 when it cannot look.
    """
    note = None
    if noted is not None:
        match = _NOTE.fullmatch(noted)
        if match is None:
            _give_up("--noted must be POSITION:HASH as a verification printed it.")
        note = (int(match[1]), match[2])
    try:
        engine = _snapshot_engine(load_settings().database_url)
        with engine.connect() as connection:
            found = verify_chain(connection, noted=note)
        engine.dispose()
    except ConfigError as error:
        _give_up(str(error))
    except SQLAlchemyError as error:
        _give_up(f"The database cannot be read ({type(error).__name__}).")
    _tell(found)
    if found.faults:
        sys.exit(1)


def _snapshot_engine(url: str) -> Engine:
    # All reads must see the same moment, or a seal set meanwhile looks like a fault; SQLite's
    # transactions are so by themselves.
    if make_url(url).get_backend_name() == "postgresql":
        return create_engine(url, isolation_level="REPEATABLE READ")
    return create_engine(url)


def _tell(found: Verification) -> None:
    for position, fault in found.faults:
        click.echo(f"Entry {position}: {fault}.")
    if found.faults:
        click.echo("The audit does NOT hold together.")
    else:
        click.echo(f"The audit holds together: {found.sealed} sealed entries.")
        if found.sealed:
            click.echo(f"Note this elsewhere: {found.sealed}:{found.head}")
    if found.unsealed and found.unsealed_since is not None:
        seconds = int((clock.now() - found.unsealed_since).total_seconds())
        since = found.unsealed_since.astimezone(UTC)
        click.echo(
            f"Not sealed yet: {found.unsealed}, the oldest of {since:%Y-%m-%d %H:%M:%S} UTC "
            f"({seconds} s ago)."
        )
    else:
        click.echo("Nothing waits to be sealed.")


def _give_up(sentence: str) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(2)


#: What `lms` takes up from here.
COMMANDS = (audit,)
