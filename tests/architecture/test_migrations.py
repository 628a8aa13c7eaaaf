"""Migrations make exactly the tables of the models, and run both ways, on this engine."""

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import create_engine, inspect, make_url, text
from sqlalchemy.engine import Engine

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
        command.downgrade(config, "base")
        connection.commit()
        assert set(inspect(connection).get_table_names()) <= {"alembic_version"}
        command.upgrade(config, "head")
        connection.commit()
        assert set(Model.metadata.tables) <= set(inspect(connection).get_table_names())
    engine.dispose()


def _is_spelling(change: object) -> bool:
    """Whether a difference is only how an engine spells the type of a moment."""
    if isinstance(change, list) and change and change[0][0] == "modify_type":
        return "UtcDateTime" in repr(change) or "DateTime" in repr(change)
    return False
