"""Measure the decision about access, and a list of 500 recordings for one viewer.

    .venv/bin/python bench/rights.py

`decide_us`: `decide_access` on a recording with four agreements of two grants each, a viewer
with two memberships and an enrolment, allowed and refused in turns; the median of many batches,
in microseconds. `list_ms`: reading and deciding on all of 500 published recordings, each with
four agreements, from the first statement to the last decision, the median; `list_python_ms` is
the processor time of this process in it, with the database's own (SQLite runs inside). The first
list of a process reads the facts' JSON too and is printed beside.
"""

import gc
import json
import statistics
import sys
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sqlalchemy import select

from bench.world import ENGINES, counted, fill, make_settings, scratch
from lms.app import create_app
from lms.infra.db import db, unit_of_work
from lms.kernel import clock
from lms.kernel.actor import Actor
from lms.kernel.clock import to_ms
from lms.kernel.ids import new_id
from lms.people.queries import find_actor
from lms.recordings.models import Recording
from lms.rights.models import Agreement, AgreementTerm, Publication
from lms.rights.operations import rewrite_facts
from lms.rights.queries import find_known, list_watchable, viewer_facts
from lms.rights.queries.deciding import parse_facts
from lms.rights.rules import Facts, Request, decide_access

LIST = 500
BATCH, BATCHES = 500, 40
ROUNDS = 15
KINDS = ("speaker", "slides", "music", "interpreter")


def add_recordings(edition_id: str, count: int) -> list[str]:
    """Add published recordings, each with four agreements of two grants."""
    now = clock.now()
    keys = [new_id() for _ in range(count)]
    with unit_of_work():
        for number, key in enumerate(keys):
            db.session.add(
                Recording(
                    id=key, edition_id=edition_id, kind="video", stage="published",
                    title={"ja": f"第{number}講", "en": f"Lecture {number}"},
                    duration_ms=5_220_000, source_key="x", created_at=now, published_at=now,
                )
            )  # fmt: skip
            db.session.flush()
            for kind in KINDS:
                agreement = Agreement(
                    id=new_id(), recording_id=key, lineage=new_id(), kind=kind, status="signed",
                    holder_name="白浜 汐里", signed_at=now - timedelta(days=20),
                    recording_consent_at=now - timedelta(days=20), created_at=now,
                )  # fmt: skip
                db.session.add(agreement)
                db.session.flush()
                for reach, days in (("industrial", 900), ("affiliate", 300)):
                    db.session.add(
                        AgreementTerm(
                            agreement_id=agreement.id,
                            kind="grant",
                            conditions={
                                "actions": ["play"],
                                "audience": {"reach": reach},
                                "territory": ["JP"],
                                "obligations": ["watermark", f"attribution:{kind}"],
                            },
                            until_at=now + timedelta(days=days),
                        )
                    )
            db.session.add(
                Publication(
                    recording_id=key,
                    conditions={"actions": ["play"], "audience": {"reach": "affiliate"}},
                    until_at=now + timedelta(days=90), created_at=now,
                )
            )  # fmt: skip
            rewrite_facts(key, now)
    return keys


def time_decision(facts: Facts, at: int) -> float:
    """Return the median microseconds of one decision, allowed and refused in turns."""
    refused = replace(facts, request=Request("download"))
    assert decide_access(facts, at, look_ahead=False).allowed
    assert not decide_access(refused, at, look_ahead=False).allowed
    taken = []
    gc.disable()
    for _ in range(BATCHES):
        started = time.perf_counter()
        for _ in range(BATCH):
            decide_access(facts, at, look_ahead=False)
            decide_access(refused, at, look_ahead=False)
        taken.append((time.perf_counter() - started) / (2 * BATCH) * 1e6)
    gc.enable()
    return statistics.median(taken)


def measure(url: str, folder: Path) -> dict[str, float | int]:
    """Fill a database and return the figures of this engine."""
    app = create_app(make_settings(url, folder / "var"))
    with app.app_context():
        db.create_all()
        world = fill(clock.now(), courses=1, parts=1)
        keys = add_recordings(world.editions[0], LIST)
        at = clock.now()
        actor = find_actor(world.learner, 0, at)
        assert actor is not None
        with counted() as sent:
            listed = list_watchable(viewer_facts(actor, at), at)
        queries = len(sent)
        assert {one.recording.id for one in listed} >= set(keys)
        parse_facts.cache_clear()
        first = _list(actor, at)
        rounds = [_list(actor, at) for _ in range(ROUNDS)]
        viewer = viewer_facts(actor, at)
        known = find_known([keys[0]])[keys[0]]
        assert db.session.scalar(select(Recording.id).limit(1))
        facts = Facts(viewer.orgs, viewer.viewer, known.recording, Request("play"))
        decide_us = time_decision(facts, to_ms(at))
        db.session.remove()
        db.engine.dispose()
    return {
        "decide_us": round(decide_us, 1),
        "list_recordings": len(listed),
        "list_queries": queries,
        "list_ms": round(statistics.median(wall for wall, _cpu in rounds), 1),
        "list_python_ms": round(statistics.median(cpu for _wall, cpu in rounds), 1),
        "first_list_ms": round(first[0], 1),
    }


def _list(actor: Actor, at: datetime) -> tuple[float, float]:
    """Return wall and processor milliseconds of one list, nothing of the last one at hand."""
    db.session.remove()
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    list_watchable(viewer_facts(actor, at), at)
    return (time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000


def main() -> None:
    """Measure on each engine and print a table and the line of JSON (SQLite's figures first)."""
    found: dict[str, dict[str, float | int]] = {}
    for name, lend in ENGINES.items():
        with lend() as url, scratch() as folder:
            if url is not None:
                found[name] = measure(url, folder)
    print(f"{'':12}{'decide µs':>10}{'list':>6}{'queries':>9}{'list ms':>9}"
          f"{'cpu ms':>8}{'first ms':>10}")  # fmt: skip
    for name, one in found.items():
        print(
            f"{name:12}{one['decide_us']:>10}{one['list_recordings']:>6}{one['list_queries']:>9}"
            f"{one['list_ms']:>9}{one['list_python_ms']:>8}{one['first_list_ms']:>10}"
        )
    if "postgresql" not in found:
        print("PostgreSQL: not measured, no server could be had.")
    print(json.dumps({**found["sqlite"], "engines": found}))


if __name__ == "__main__":
    main()
