"""Migrations make exactly the tables of the models, and run both ways, on this engine."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import MetaData, Table, create_engine, inspect, make_url, text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import IntegrityError

from lms.config import ROOT
from lms.infra.db import Model
from tests.conftest import ENGINE, Database


@pytest.fixture
def engine(tmp_path: Path, database: Database) -> Engine:
    if ENGINE == "sqlite":
        return create_engine(f"sqlite:///{tmp_path / 'migrated.db'}")
    url = make_url(database.url)
    name = f"{url.database}_migrated"
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return create_engine(url.set(database=name))


def _config() -> Config:
    config = Config(str(ROOT / "migrations/alembic.ini"))
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return config


def test_one_head() -> None:
    assert len(ScriptDirectory.from_config(_config()).get_heads()) == 1


def test_up_equals_the_models_down_leaves_nothing(app: Flask, engine: Engine) -> None:
    assert app.testing
    config = _config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = [
            change
            for change in compare_metadata(context, Model.metadata)
            if not _is_spelling(change)
        ]
        assert differences == []
        connection.rollback()
        command.downgrade(config, "base")
        connection.commit()
        assert set(inspect(connection).get_table_names()) <= {"alembic_version"}
        connection.rollback()
        command.upgrade(config, "head")
        connection.commit()
        assert set(Model.metadata.tables) <= set(inspect(connection).get_table_names())
    engine.dispose()


def _is_spelling(change: object) -> bool:
    """Whether a difference is only how an engine spells the type of a moment."""
    if isinstance(change, list) and change and change[0][0] == "modify_type":
        return "UtcDateTime" in repr(change) or "DateTime" in repr(change)
    return False


def test_rows_of_the_first_version_live_through_the_second(engine: Engine) -> None:
    """Tables that others refer to are rebuilt on SQLite: nothing that refers to them may go."""
    config = _config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.commit()
        for table, values in _ROWS:
            _insert(connection, table, values)
        connection.commit()
        command.upgrade(config, "head")
        connection.commit()
        assert _counted(connection) == {"recording": 1, "caption": 1, "takedown": 1}
        kept = connection.execute(text("SELECT stage, source_url, shelf FROM recording")).one()
        assert tuple(kept) == ("published", "", "")
        assert connection.execute(text("SELECT revision FROM caption")).scalar_one() == 1
        connection.rollback()
        _refuses(connection, "UPDATE recording SET stage = 'lost'")
        _refuses(connection, "DELETE FROM recording")
        command.downgrade(config, "0001")
        connection.commit()
        assert _counted(connection) == {"recording": 1, "caption": 1, "takedown": 1}
        _refuses(connection, "UPDATE recording SET stage = 'planned'")
    engine.dispose()


_ROWS: tuple[tuple[str, dict[str, object]], ...] = (
    ("programme", {"id": "p", "kind": "series", "reach": "outside"}),
    (
        "edition",
        {"id": "e", "programme_id": "p", "mode": "web", "state": "published",
         "approval": "first_come"},
    ),
    ("recording", {"id": "r", "edition_id": "e", "kind": "video", "stage": "published"}),
    ("caption", {"id": "c", "recording_id": "r"}),
    ("takedown", {"id": "t", "recording_id": "r"}),
)  # fmt: skip
_FILLED: dict[type, object] = {
    str: "x", int: 1, bool: False, datetime: datetime(2026, 10, 1, tzinfo=UTC), dict: {},
    object: {},
}  # fmt: skip


def _insert(connection: Connection, table: str, values: dict[str, object]) -> None:
    """Insert a row by the table as it is there; what must be given and is not, is filled."""
    found = Table(table, MetaData(), autoload_with=connection)
    needed = {
        column.name: _FILLED[column.type.python_type]
        for column in found.columns
        if not column.nullable and column.server_default is None
    }
    connection.execute(found.insert().values({**needed, **values}))


def _counted(connection: Connection) -> dict[str, int]:
    tables = ("recording", "caption", "takedown")
    return {
        table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608 - our own names
        for table in tables
    }


def _refuses(connection: Connection, statement: str) -> None:
    with pytest.raises(IntegrityError):
        connection.execute(text(statement))
    connection.rollback()
