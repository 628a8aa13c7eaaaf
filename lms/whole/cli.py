"""Commands of the whole: content and database."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import click

from lms.config import ROOT, ConfigError
from lms.kernel import clock
from lms.kernel.errors import RefusedError
from lms.whole.content.check import Checked, check_content

CONTENT = ROOT / "content"
_FOLDER = click.argument(
    "folder", metavar="[DIR]", default=CONTENT, type=click.Path(path_type=Path)
)
_LENIENT = click.option(
    "--lenient", is_flag=True, help="Let missing translations pass (a site of one language)."
)


def _say(*lines: object) -> None:
    """Write lines as UTF-8, because the terminal's encoding may not know Japanese."""
    click.echo("".join(f"{line}\n" for line in lines).encode(errors="replace"), nl=False)


def _checked(folder: Path, *, lenient: bool, house: bool = False) -> Checked:
    """Check a folder, with `house` against its house's rules too; faults end the command."""
    checked = check_content(folder, lenient=lenient)
    _say(*(f"{one.path}:{one.line}: warning: {one.sentence}" for one in checked.warnings))
    faults = sorted((*checked.faults, *(checked.unlike_house if house else ())))
    if faults:
        _say(*faults)
        sys.exit(1)
    return checked


@click.group("content")
def content() -> None:
    """Courses as text files."""


@content.command("check")
@_FOLDER
@_LENIENT
def check(folder: Path, *, lenient: bool) -> None:
    """Name file and line of every fault in DIR. Needs neither database nor settings."""
    _say(_checked(folder, lenient=lenient, house=True).counts())


@content.command("slides")
@_FOLDER
@click.option(
    "--out", default=Path("slides"), type=click.Path(path_type=Path), help="Where they are written."
)
@_LENIENT
def slides(folder: Path, *, out: Path, lenient: bool) -> None:
    """Make a PDF of slides for every lesson and language in DIR. Needs no database."""
    from lms.whole.content.slides import write_slides  # noqa: PLC0415 - heavy, and only here

    checked = _checked(folder, lenient=lenient)
    written = [
        path
        for programme in checked.programmes
        for lesson in programme.lessons.values()
        for path in write_slides(programme, lesson, out)
    ]
    _say(f"{len(written)} files in {out}.")


@content.command("load")
@_FOLDER
@click.option("--overwrite", is_flag=True, help="Replace what was edited in the browser too.")
@_LENIENT
@click.pass_obj
def load(make_app: Callable[[], Any], folder: Path, *, overwrite: bool, lenient: bool) -> None:
    """Bring DIR into the database; with any fault nothing is written. May be run again."""
    checked = _checked(folder, lenient=lenient)
    with _app(make_app):
        # Imported here, so that a check needs no database.
        from sqlalchemy import inspect  # noqa: PLC0415 - only when loading

        from lms.infra.db import db, unit_of_work  # noqa: PLC0415 - only when loading
        from lms.whole.content.load import load_content  # noqa: PLC0415 - only when loading

        if not inspect(db.engine).has_table("content_record"):
            _refuse("The database has no tables yet: run 'lms database upgrade' first.")
        try:
            with unit_of_work():
                report = load_content(
                    checked.programmes, checked.terms, at=clock.now(), overwrite=overwrite
                )
        except RefusedError as error:
            _refuse(f"Nothing was loaded, because a change was refused: {error}.")
    _say(
        f"{len(report.created)} created, {len(report.updated)} updated,"
        f" {len(report.unchanged)} unchanged, {len(report.kept)} kept,"
        f" {len(report.removed)} removed, {len(report.left)} left.",
        *(f"updated: {key}" for key in report.updated),
        *(f"kept as edited in the browser (--overwrite replaces it): {key}" for key in report.kept),
        *(f"removed, no longer in the files and used by nobody: {key}" for key in report.removed),
        *(f"left in place although no longer in the files: {key}" for key in report.left),
    )


@click.group("database")
def database() -> None:
    """Look after the database's tables."""


@database.command("upgrade")
@click.pass_obj
def upgrade(make_app: Callable[[], Any]) -> None:
    """Bring the tables to the newest form (Alembic, to the head)."""
    with _app(make_app):
        from flask_migrate import upgrade as to_head  # noqa: PLC0415 - a check needs none of it

        to_head()
    _say("The tables are up to date.")


@contextmanager
def _app(make_app: Callable[[], Any]) -> Iterator[None]:
    """Make the application and step into it; a setting that cannot be used ends the command."""
    try:
        app = make_app()
    except ConfigError as error:
        _refuse(str(error))
    with app.app_context():
        from lms.infra.db import db  # noqa: PLC0415 - a check needs none of it

        try:
            yield
        finally:
            db.session.remove()
            db.engine.dispose()


def _refuse(sentence: str) -> NoReturn:
    click.echo(sentence.encode(errors="backslashreplace"), err=True)
    sys.exit(1)


@click.group("demo")
def demo() -> None:
    """Bring the demo up, with TOMONI_DEMO=1 only."""


@demo.command("seed")
@click.pass_obj
def seed(make_app: Callable[[], Any]) -> None:
    """Bring in the cast and begin the stories. May be run again; the worker does the films."""
    with _demo(make_app) as place:
        from lms.whole.demo.seed import FaultyContentError, seed_demo  # noqa: PLC0415 - as above

        try:
            seed_demo(place, clock.now(), _say)
        except FaultyContentError as error:
            _refuse(str(error))


@demo.command("refresh")
@click.pass_obj
def refresh(make_app: Callable[[], Any]) -> None:
    """Publish the films that are ready and bring the days up to now."""
    with _demo(make_app) as place:
        from lms.whole.demo.seed import refresh_demo  # noqa: PLC0415 - as above

        done = refresh_demo(place, clock.now())
    _say("Everything is ready." if done else "Some films wait for the worker still.")


@contextmanager
def _demo(make_app: Callable[[], Any]) -> Iterator[Any]:
    """Step into the application when it is a demo; else end the command."""
    with _app(make_app):
        from lms.infra.current import current_settings, current_storage  # noqa: PLC0415 - as above
        from lms.whole.demo.seed import Place  # noqa: PLC0415 - as above

        settings = current_settings()
        if not settings.demo:
            _refuse("This is no demo: set TOMONI_DEMO=1, and never for a real site.")
        yield Place(settings, current_storage())
