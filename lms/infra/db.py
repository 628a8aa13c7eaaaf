"""The database: one base for every table, one way to write."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, DateTime, MetaData, String, event
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator
from typing_extensions import override

from lms.infra.events import drop_pending, run_pending
from lms.kernel.ids import new_id

BEGIN_MODE = "tomoni_begin"


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC moment; SQLite, which keeps no zone, gets and gives UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A moment without a zone cannot be stored.")
        return value.astimezone(UTC)

    @override
    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Model(DeclarativeBase):
    """The base of every table."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own name for it
        datetime: UtcDateTime,
        dict[str, str]: JSON,
        dict[str, Any]: JSON,
        list[str]: JSON,
        dict[str, list[str]]: JSON,
        dict[str, list[dict[str, str]]]: JSON,
        list[Any]: JSON,
    }


class WithId:
    """A primary key of 26 characters, sortable by the moment it was made."""

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)


db = SQLAlchemy(
    metadata=Model.metadata,
    disable_autonaming=True,
    session_options={"expire_on_commit": False, "autoflush": True},
)


@event.listens_for(Engine, "connect")
def _set_up_sqlite(connection: Any, _record: Any) -> None:
    if type(connection).__module__.startswith("sqlite3"):
        connection.isolation_level = None  # we say BEGIN ourselves, below
        for pragma in ("journal_mode=WAL", "busy_timeout=30000", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("PRAGMA synchronous=NORMAL")


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        mode = connection.get_execution_options().get(BEGIN_MODE, "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {mode}")


@contextmanager
def unit_of_work() -> Iterator[None]:
    """Open the one write transaction of an act; commit at the end, roll back on any error.

    The read transaction in which the actor was found ends first, because on SQLite a reader
    that turns writer is refused as soon as another has written; the write transaction begins
    IMMEDIATE. Events raised inside are handled inside, before the commit.
    """
    db.session.rollback()
    drop_pending()
    try:
        db.session.connection(execution_options={BEGIN_MODE: "IMMEDIATE"})
        yield
        db.session.flush()
        run_pending()
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise
    finally:
        drop_pending()


def lock_row(model: type[Any], key: str) -> Any:
    """Read a row for the rest of the transaction with everyone else kept out, or None.

    PostgreSQL: FOR UPDATE. SQLite: the unit of work already holds the only write lock.
    """
    return db.session.get(model, key, with_for_update=True, populate_existing=True)
