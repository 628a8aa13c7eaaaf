"""The audit's chain: sealed in order, and anything changed afterwards shows."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import delete, select, update

from lms.infra.audit.chain import GENESIS, Fault, Verification, seal_hash, verify_chain
from lms.infra.audit.cli import audit
from lms.infra.audit.models import AuditEntry, AuditHead
from lms.infra.audit.writing import record_act
from lms.infra.db import db, unit_of_work
from lms.kernel.actor import SYSTEM
from lms.worker import Worker

START = datetime(2026, 10, 12, 1, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def seal(app: Flask, clock: time_machine.Traveller) -> Callable[[], None]:
    """Return a function that lets the next minute's tick seal what was written."""

    def sealed() -> None:
        clock.shift(timedelta(seconds=60))
        worker = Worker(app)
        while worker.step():
            pass
        db.session.rollback()
        db.session.expire_all()

    return sealed


def moment_of(name: str) -> datetime:
    """Acts a, b, c … happened a second apart; within one moment there is no order to keep."""
    return START + timedelta(seconds=ord(name) - ord("a"))


def act(name: str, **details: Any) -> None:
    with unit_of_work():
        record_act(SYSTEM, name, "thing", "t1", at=moment_of(name), **details)


def verified(**options: Any) -> Verification:
    db.session.rollback()
    return verify_chain(db.session.connection(), **options)


@pytest.fixture
def five(seal: Callable[[], None]) -> None:
    """Five sealed entries, in two batches."""
    for name in ("a", "b", "c"):
        act(name, ids=["x", 1], note=None, 文="文")
    seal()
    for name in ("d", "e"):
        act(name)
    seal()


def test_entries_are_sealed_in_order_each_on_the_one_before(seal: Callable[[], None]) -> None:
    act("a")
    act("b", reason="late")
    seal()
    first, second = db.session.scalars(select(AuditEntry).order_by(AuditEntry.position))
    assert (first.action, first.position, first.previous_hash) == ("a", 1, GENESIS)
    assert (second.action, second.position, second.previous_hash) == ("b", 2, first.hash)
    assert second.hash == seal_hash(first.hash or "", 2, second)
    head = db.session.get_one(AuditHead, 1)
    assert (head.position, head.hash) == (2, second.hash)


def test_the_canonical_form_is_fixed() -> None:
    entry = AuditEntry(
        id="01", at=START, actor_id=None, action="a.b", subject_kind="k", subject_id="s",
        details={"z": 1, "a": "文"},
    )  # fmt: skip
    # By hand: printf '%s\n%s' <64 zeros> '{"action":"a.b",…}' | sha256sum
    assert (
        seal_hash(GENESIS, 1, entry)
        == "4ba5ca668835b841638db3b2af5c4f55f84c1ebf95a096361070162609590fd3"
    )


@pytest.mark.usefixtures("five")
def test_a_whole_chain_holds_together() -> None:
    found = verified()
    assert (found.sealed, found.unsealed, found.unsealed_since, found.faults) == (5, 0, None, ())


@pytest.mark.usefixtures("five")
def test_the_unsealed_tail_is_reported() -> None:
    act("f")
    found = verified()
    assert (found.sealed, found.unsealed, found.unsealed_since) == (5, 1, moment_of("f"))
    assert found.faults == ()


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize(
    "change",
    [
        {"action": "other"},
        {"subject_id": "t2"},
        {"subject_kind": "other"},
        {"actor_id": "somebody"},
        {"details": {}},
        {"at": START + timedelta(microseconds=1)},
        {"id": "other"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_an_altered_entry_is_named(change: dict[str, Any]) -> None:
    with unit_of_work():
        db.session.execute(update(AuditEntry).where(AuditEntry.position == 2).values(**change))
    assert verified().faults == ((2, Fault.ALTERED),)


@pytest.mark.usefixtures("five")
def test_an_entry_altered_with_its_own_hash_no_longer_links() -> None:
    with unit_of_work():
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.position == 2)).one()
        entry.action = "other"
        entry.hash = seal_hash(entry.previous_hash or "", 2, entry)
    assert verified().faults == ((3, Fault.UNLINKED),)


@pytest.mark.usefixtures("five")
def test_a_removed_entry_is_named() -> None:
    with unit_of_work():
        db.session.execute(delete(AuditEntry).where(AuditEntry.position == 3))
    assert verified().faults == ((3, Fault.MISSING), (4, Fault.UNLINKED))


@pytest.mark.usefixtures("five")
def test_a_chain_cut_short_is_named() -> None:
    with unit_of_work():
        db.session.execute(delete(AuditEntry).where(AuditEntry.position == 5))
    assert verified().faults == ((4, Fault.CUT_SHORT),)


@pytest.mark.usefixtures("five")
def test_two_entries_that_changed_places_are_named() -> None:
    with unit_of_work():
        for old, new in ((2, 99), (3, 2), (99, 3)):
            db.session.execute(
                update(AuditEntry).where(AuditEntry.position == old).values(position=new)
            )
    named = {position for position, _fault in verified().faults}
    assert named >= {2, 3}


@pytest.mark.usefixtures("five")
def test_a_chain_made_anew_is_unlike_what_was_noted_outside() -> None:
    noted = (verified().sealed, verified().head)
    assert verified(noted=noted).faults == ()
    with unit_of_work():
        previous = GENESIS
        for entry in db.session.scalars(select(AuditEntry).order_by(AuditEntry.position)):
            entry.action = "forged"
            entry.previous_hash = previous
            entry.hash = previous = seal_hash(previous, entry.position or 0, entry)
        db.session.get_one(AuditHead, 1).hash = previous
    assert verified().faults == ()
    assert verified(noted=noted).faults == ((5, Fault.UNLIKE_NOTE),)


def test_sealing_nothing_writes_nothing(seal: Callable[[], None]) -> None:
    seal()
    assert db.session.get(AuditHead, 1) is None
    assert verified().faults == ()


@pytest.fixture
def command(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    monkeypatch.setenv("TOMONI_DATABASE_URL", app.config["SQLALCHEMY_DATABASE_URI"])
    monkeypatch.setenv("TOMONI_SECRET_KEY", "s" * 32)

    def run(*arguments: str) -> tuple[int, str]:
        db.session.rollback()
        result = CliRunner().invoke(audit, ["verify", *arguments])
        return result.exit_code, result.output

    return run


@pytest.mark.usefixtures("five")
def test_the_command_tells_the_tail_and_what_to_note(
    command: Callable[..., tuple[int, str]],
) -> None:
    act("f")
    head = verified().head
    assert command() == (
        0,
        f"""The audit holds together: 5 sealed entries.
Note this elsewhere: 5:{head}
Not sealed yet: 1, the oldest of 2026-10-12 01:00:05 UTC (115 s ago).
""",
    )
    assert command("--noted", f"5:{head}")[0] == 0


@pytest.mark.usefixtures("five")
def test_the_command_fails_on_a_fault(command: Callable[..., tuple[int, str]]) -> None:
    with unit_of_work():
        db.session.execute(
            update(AuditEntry).where(AuditEntry.position == 2).values(action="other")
        )
    assert command() == (
        1,
        "Entry 2: altered.\nThe audit does NOT hold together.\nNothing waits to be sealed.\n",
    )


def test_the_command_says_what_it_cannot_do(
    command: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command("--noted", "5") == (
        2, "--noted must be POSITION:HASH as a verification printed it.\n"
    )  # fmt: skip
    monkeypatch.setenv("TOMONI_DATABASE_URL", "sqlite:////no/such/folder/x.db")
    assert command() == (2, "The database cannot be read (OperationalError).\n")
