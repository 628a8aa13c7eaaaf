"""Alembic's surroundings: the application's own engine and tables, batch mode for SQLite."""

from contextlib import contextmanager

from alembic import context
from flask import current_app

from lms.infra.db import Model, UtcDateTime


def _render(kind, thing, _context):
    if kind == "type" and isinstance(thing, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def _same_type(_context, _inspected, _column, inspected_type, wanted_type):
    if isinstance(wanted_type, UtcDateTime):
        return "DATETIME" not in str(inspected_type) and "TIMESTAMP" not in str(inspected_type)
    return None


@contextmanager
def _rebuilding(connection):
    """Let SQLite rebuild tables that others refer to, and see that every reference holds after.

    SQLite changes a table by making it anew and dropping the old one, which a reference forbids;
    the switch works outside a transaction only. PostgreSQL alters in place.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = connection.connection.driver_connection
    if driver.in_transaction:
        raise RuntimeError("Migrations must begin outside a transaction.")
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
        broken = driver.execute("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise RuntimeError(f"References are broken after migrating: {broken[:5]}")
    finally:
        if driver.in_transaction:
            driver.commit()
        driver.execute("PRAGMA foreign_keys=ON")


def _migrate(connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Model.metadata,
        render_as_batch=True,
        render_item=_render,
        compare_type=_same_type,
    )
    with _rebuilding(connection), context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    _migrate(given)
else:
    with current_app.extensions["migrate"].db.engine.connect() as own:
        _migrate(own)
        own.commit()
