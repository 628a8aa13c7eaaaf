"""Fixtures: a real database on the engine that TEST_ENGINE names, and the cast."""

import dataclasses
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import Table, create_engine, event, exists, insert, make_url, select, text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import close_all_sessions

from lms.app import create_app
from lms.config import Settings
from lms.infra.db import Model, db, unit_of_work
from lms.infra.site.settings import forget_site
from lms.kernel.actor import Actor, Role
from lms.pages.queries.glossary import forget_glossary
from lms.people.models import Membership, Organisation, OrganisationName, Person, RoleAssignment
from lms.people.queries import find_actor

ENGINE = os.environ.get("TEST_ENGINE", "sqlite")


@event.listens_for(Engine, "connect")
def _write_at_leisure(connection: Any, _record: Any) -> None:
    """Let SQLite, as PostgreSQL below, not wait for the disk."""
    if type(connection).__module__.startswith("sqlite3"):
        connection.execute("PRAGMA synchronous=OFF")


@dataclass
class Database:
    """One database of a test process, emptied before every test."""

    url: str
    template: Path | None


def _postgres_url(worker: str) -> str:
    """Make a database of this worker on the server that TEST_DATABASE_URL names."""
    base = os.environ["TEST_DATABASE_URL"]
    name = f"{make_url(base).database or 'tomoni_test'}_{worker}"
    engine = create_engine(base, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name}"))
        # What a test writes need not outlive a power cut.
        connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
    engine.dispose()
    return make_url(base).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Database:
    worker = getattr(request.config, "workerinput", {}).get("workerid", "main")
    folder = tmp_path_factory.mktemp("db")
    if ENGINE == "postgresql":
        return Database(_postgres_url(worker), None)
    return Database(f"sqlite:///{folder / 'test.db'}", folder / "template.db")


@pytest.fixture(scope="session")
def settings(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    var_dir = tmp_path_factory.mktemp("var")
    return Settings(
        database_url=database.url,
        secret_key="t" * 64,
        var_dir=var_dir,
        testing=True,
        mail_folder=var_dir / "mail",
        password_cost=(1, 1024),
        max_upload_mb=64,
        media_master_key=b"m" * 32,
    )


@pytest.fixture(scope="session")
def kept_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function that gives a folder for what is made once a run.

    All processes of one `make test` share what stands below TEST_KEPT.
    """
    kept = os.environ.get("TEST_KEPT")
    base = Path(kept) if kept else tmp_path_factory.mktemp("kept")

    def folder(name: str) -> Path:
        (base / name).mkdir(exist_ok=True)
        return base / name

    return folder


@pytest.fixture(scope="session")
def session_app(
    settings: Settings, database: Database, kept_folder: Callable[[str], Path]
) -> Iterator[Flask]:
    app = create_app(settings)
    app.jinja_env.bytecode_cache = FileSystemBytecodeCache(str(kept_folder("templates")))
    with app.app_context():
        db.create_all()
        db.session.remove()
        db.engine.dispose()
        if database.template is not None:
            shutil.copy(database.url.removeprefix("sqlite:///"), database.template)
    yield app
    with app.app_context():
        db.engine.dispose()


def _delete_rows(connection: Connection) -> None:
    """Empty the tables that have rows: far cheaper than truncating all of them each time."""
    tables = Model.metadata.sorted_tables
    filled = connection.execute(select(*(exists(select(one)) for one in tables))).one()
    for table, has_rows in reversed(list(zip(tables, filled, strict=True))):
        if has_rows:
            connection.execute(table.delete())


@contextmanager
def emptied(session_app: Flask, database: Database, settings: Settings) -> Iterator[Flask]:
    """Give the application on an empty database, inside an application context."""
    close_all_sessions()  # of a test that failed in the middle
    with session_app.app_context():
        forget_site()
        forget_glossary()
        if database.template is not None:
            db.engine.dispose()
            target = Path(database.url.removeprefix("sqlite:///"))
            for suffix in ("-wal", "-shm"):
                target.with_name(target.name + suffix).unlink(missing_ok=True)
            shutil.copy(database.template, target)
        else:
            with db.engine.begin() as connection:
                _delete_rows(connection)
        shutil.rmtree(settings.media_dir, ignore_errors=True)
        if settings.mail_folder is not None:
            shutil.rmtree(settings.mail_folder, ignore_errors=True)
        session_app.config["WTF_CSRF_ENABLED"] = False
        yield session_app
        db.session.remove()
        session_app.config["WTF_CSRF_ENABLED"] = True


@pytest.fixture
def app(session_app: Flask, database: Database, settings: Settings) -> Iterator[Flask]:
    """Return the application on an empty database, inside an application context."""
    with emptied(session_app, database, settings) as application:
        yield application


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


NOW = datetime(2026, 10, 12, 1, 0, tzinfo=UTC)  # a Monday, 10:00 in Japan


@pytest.fixture
def now() -> datetime:
    """The moment at which tests that pass `at` take place."""
    return NOW


@dataclass
class Cast:
    """Who is who, in tests and in the demo. All names are made up."""

    hq: Organisation
    industrial_a: Organisation
    industrial_b: Organisation
    affiliate_a: Organisation
    affiliate_b: Organisation
    partner: Organisation
    trainee: Person
    other_trainee: Person
    overseas: Person
    coordinator: Person
    organiser: Person
    speaker: Person
    front_desk: Person
    auditor: Person
    admin: Person
    stranger: Person

    def actor(self, name: str) -> Actor:
        person: Person = getattr(self, name)
        found = find_actor(person.id, person.session_epoch, NOW)
        assert found is not None
        return found


def add_person(login: str, family: str, given: str, **more: Any) -> Person:
    """Add a person to the current transaction."""
    person = Person(
        login_id=login,
        address=f"{login}@demo.example",
        address_confirmed_at=NOW,
        family_name=family,
        given_name=given,
        created_at=NOW,
        **more,
    )
    db.session.add(person)
    db.session.flush()
    return person


def add_organisation(
    code: str,
    level: str,
    names: tuple[str, str],
    parent: Organisation | None = None,
    *,
    country: str = "JP",
) -> Organisation:
    """Add an organisation to the current transaction."""
    organisation = Organisation(
        code=code, level=level, parent_id=parent.id if parent else None, country=country
    )
    organisation.names.append(OrganisationName(name={"ja": names[0], "en": names[1]}))
    db.session.add(organisation)
    db.session.flush()
    return organisation


def join_organisation(person: Person, organisation: Organisation) -> None:
    """Add an open membership to the current transaction."""
    db.session.add(
        Membership(person_id=person.id, organisation_id=organisation.id, starts_on=date(2020, 4, 1))
    )


def grant(person: Person, role: Role, scope: str = "*") -> None:
    """Add a role to the current transaction."""
    db.session.add(
        RoleAssignment(person_id=person.id, role=role.value, scope=scope, granted_at=NOW)
    )


CODES = ("HQ", "IA", "IB", "A1", "B1", "MY")
KEYS = {"other_trainee": "other", "front_desk": "frontdesk"}
"""Who is not named as the id of their sign-in."""


@pytest.fixture
def cast(app: Flask) -> Cast:  # noqa: ARG001 - the database must be there
    """Everyone, committed."""
    return add_cast()


_CAST_ROWS: dict[Table, list[dict[str, Any]]] = {}
"""The rows of everyone, remembered when they were first made."""


def add_cast() -> Cast:
    """Add everyone, committed. Once a process they are made; later their rows are put in again."""
    kinds = (Organisation, OrganisationName, Person, Membership, RoleAssignment)
    tables = [Model.metadata.tables[kind.__tablename__] for kind in kinds]
    with unit_of_work():
        if _CAST_ROWS:
            for table, rows in _CAST_ROWS.items():
                db.session.execute(insert(table), rows)
        else:
            others = {table: _rows(table) for table in tables}
            _make_cast()
            for table in tables:
                _CAST_ROWS[table] = [row for row in _rows(table) if row not in others[table]]
        found: dict[str, Any] = {one.code: one for one in db.session.scalars(select(Organisation))}
        found.update((str(one.login_id), one) for one in db.session.scalars(select(Person)))
    names = [field.name for field in dataclasses.fields(Cast)]
    keys = [*CODES, *names[len(CODES) :]]
    return Cast(**{name: found[KEYS.get(key, key)] for name, key in zip(names, keys, strict=True)})


def _rows(table: Table) -> list[dict[str, Any]]:
    """Return the rows in the order of their making: a parent before what is below it."""
    return [dict(row) for row in db.session.execute(select(table).order_by(table.c.id)).mappings()]


def _make_cast() -> None:
    hq = add_organisation("HQ", "hq", ("東和金属労働組合協議会", "Towa Metal Council"))
    ia = add_organisation("IA", "industrial", ("青空電機連合", "Aozora Electric Unions"), hq)
    ib = add_organisation("IB", "industrial", ("みどり機械連合", "Midori Machine Unions"), hq)
    a1 = add_organisation("A1", "affiliate", ("青空第一労働組合", "Aozora Union One"), ia)
    b1 = add_organisation("B1", "affiliate", ("みどり第一労働組合", "Midori Union One"), ib)
    my = add_organisation("MY", "outside", ("", "Melati Workers' Union"), country="MY")
    people = {
        "trainee": add_person(
            "trainee", "山瀬", "春夫", family_kana="ヤマセ", given_kana="ハルオ"
        ),
        "other_trainee": add_person(
            "other", "髙森", "夏子", family_kana="タカモリ", given_kana="ナツコ"
        ),
        "overseas": add_person(
            "overseas", "", "", full_name="Aminah binti Salleh", call_me="Aminah",
            language="en", timezone="Asia/Kuala_Lumpur", country="MY",
        ),
        "coordinator": add_person("coordinator", "河﨑", "秋江"),
        "organiser": add_person("organiser", "冬木", "誠"),
        "speaker": add_person("speaker", "白浜", "汐里"),
        "front_desk": add_person("frontdesk", "受川", "昇"),
        "auditor": add_person("auditor", "鏡", "正"),
        "admin": add_person("admin", "管野", "治"),
        "stranger": add_person("stranger", "遠野", "渡"),
    }  # fmt: skip
    join_organisation(people["trainee"], a1)
    join_organisation(people["other_trainee"], b1)
    join_organisation(people["overseas"], my)
    join_organisation(people["coordinator"], ia)
    join_organisation(people["organiser"], hq)
    grant(people["coordinator"], Role.COORDINATOR, f"org:{ia.id}")
    grant(people["organiser"], Role.ORGANISER)
    grant(people["auditor"], Role.AUDITOR)
    grant(people["admin"], Role.ADMIN)


@pytest.fixture
def sign_in(app: Flask) -> Callable[[Person], FlaskClient]:
    """Return a function that gives a client signed in as a person."""

    def signed_in(person: Person) -> FlaskClient:
        client = app.test_client()
        with client.session_transaction() as session:
            session["person"] = person.id
            session["epoch"] = person.session_epoch
            session["language"] = person.language
        return client

    return signed_in


@pytest.fixture
def demo_settings(settings: Settings) -> Settings:
    """Settings with the demo switched on."""
    return dataclasses.replace(settings, demo=True)
