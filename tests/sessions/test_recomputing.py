"""Moments follow when the rules of time zones change."""

from datetime import datetime, timedelta

import pytest
from click.testing import CliRunner
from flask import Flask

from lms.infra.db import db, unit_of_work
from lms.kernel import wall
from lms.sessions.cli import sessions
from lms.sessions.events import LiveSessionChanged
from lms.sessions.models import LiveSession
from lms.sessions.operations.recomputing import recompute_times
from tests.sessions.conftest import STARTS_AT, World

OLD = timedelta(hours=1)


def set_by_older_rules(key: str, *, off: timedelta = OLD) -> None:
    """Make a session look as if it had been set when its zone was an hour elsewhere."""
    with unit_of_work():
        row = db.session.get_one(LiveSession, key)
        row.starts_at += off
        row.ends_at += off
        row.zone_rules = "2020a"


def test_a_moment_that_moved_is_told_and_nothing_happens_twice(
    world: World, heard: list[object]
) -> None:
    key, other = world.add(), world.add(title={"en": "Unmoved"})
    set_by_older_rules(key)
    set_by_older_rules(other, off=timedelta())
    heard.clear()

    with unit_of_work():
        first = recompute_times(at=world.now)
    with unit_of_work():
        second = recompute_times(at=world.now)

    assert [(one.live_session_id, one.was_at, one.starts_at) for one in first] == [
        (key, STARTS_AT + OLD, STARTS_AT)
    ]
    assert second == ()
    row = db.session.get_one(LiveSession, key)
    assert (row.starts_at, row.sequence) == (STARTS_AT, 1)
    assert row.zone_rules == wall.zone_rules_version()
    assert [event.live_session_id for event in heard if isinstance(event, LiveSessionChanged)] == [
        key
    ]


def test_what_is_over_or_cancelled_stays_as_it_was(world: World) -> None:
    key = world.add()
    set_by_older_rules(key)

    with unit_of_work():
        assert recompute_times(at=STARTS_AT + timedelta(days=1)) == ()
        db.session.get_one(LiveSession, key).cancelled_at = world.now
    with unit_of_work():
        assert recompute_times(at=world.now) == ()


def test_a_time_that_exists_no_more_is_reported_and_kept(world: World) -> None:
    key = world.add()
    with unit_of_work():
        row = db.session.get_one(LiveSession, key)
        row.timezone, row.zone_rules = "Europe/Berlin", "2020a"
        row.starts_local = datetime(2027, 3, 28, 2, 30)  # noqa: DTZ001 - wall time
        row.ends_local = datetime(2027, 3, 28, 4, 0)  # noqa: DTZ001

    with unit_of_work():
        (one,) = recompute_times(at=world.now)

    assert one.is_lost
    assert db.session.get_one(LiveSession, key).starts_at == STARTS_AT


def test_the_command_says_what_moved(world: World, app: Flask) -> None:
    key = world.add()
    set_by_older_rules(key, off=timedelta(days=2000))  # to come, whatever the clock says

    answer = CliRunner().invoke(sessions, ["recompute-times"], obj=lambda: app)

    assert answer.exit_code == 0, answer.output
    assert f"{key} Part 4: web round-table: 2026-10-12 16:00 Asia/Tokyo is now" in answer.output


def test_the_version_of_the_rules_is_told_by_the_machine_or_the_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    assert wall._read_rules_version()[:2] == "20"
    monkeypatch.setattr(wall, "TZPATH", ())
    assert wall._read_rules_version()[:2] == "20"
    monkeypatch.setattr(wall, "TZPATH", (str(tmp_path),))
    assert wall._read_rules_version()[:2] == "20"
