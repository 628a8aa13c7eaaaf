"""Alembic's surroundings: the application's own engine and tables, batch mode for SQLite."""

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


def _migrate(connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Model.metadata,
        render_as_batch=True,
        render_item=_render,
        compare_type=_same_type,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    _migrate(given)
else:
    with current_app.extensions["migrate"].db.engine.connect() as own:
        _migrate(own)
        own.commit()
