"""Measure a full house at the door: everyone presses join within the same minute.

    .venv/bin/python bench/join.py [--people 500] [--sqlite-people 100] [--seconds 60]

On each engine: people enrolled on the web in one edition, with a session whose window is open,
a personal link for every second of them. Each presses once, evenly over the seconds named; every
tenth presses again at once, as people do. The application runs under gunicorn with two workers,
the presses come from this process, PostgreSQL runs beside: all on the same two cores. `pressed`
counts people, `redirected` those whose press led to the way in that is theirs, `recorded` those of
whom a press is in the table afterwards (`rows` counts every press). `p99_ms` is over all presses,
from the moment each was due (a late start counts).
"""

import argparse
import http.client
import json
import os
import statistics
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sqlalchemy import delete, func, select, update

from bench.serving import gunicorn
from bench.world import ENGINES, fill, make_settings, scratch, signed_in
from lms.app import create_app
from lms.enrolment.models import Enrolment
from lms.infra.db import db, unit_of_work
from lms.kernel import clock
from lms.sessions.models import JoinPress, LiveSession, PersonalLink, ProviderMeeting

CLIENTS = 16
AGAIN = 10
REDIRECTED = 303
PLAIN = "https://meet.example/room"


@dataclass
class House:
    """The session, and everyone's cookie and way in, in the order of pressing."""

    live_session_id: str
    people: list[str]
    cookies: list[str]
    ways: list[str]
    token: str


@dataclass
class Seen:
    """What the presses saw: latencies in ms, who was led where they belong, what went wrong."""

    taken: list[float] = field(default_factory=list)
    led: set[int] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def fill_house(url: str, var: Path, people: int, at: datetime) -> House:
    """Fill a database: one session that is open now, everyone on its list by web."""
    app = create_app(make_settings(url, var))
    with app.app_context():
        db.create_all()
        world = fill(at, courses=1, parts=1, people=people)
        key = world.sessions[0]
        ways = [PLAIN if n % 2 else f"https://meet.example/w/{n}?tk=own" for n in range(people)]
        with unit_of_work():
            db.session.execute(update(Enrolment).values(attending="web"))
            db.session.execute(delete(JoinPress))
            session = db.session.get_one(LiveSession, key)
            session.starts_at, session.ends_at = at, at + timedelta(minutes=90)
            db.session.add(
                ProviderMeeting(
                    live_session_id=key, provider="zoom", state="ready", meeting_id="1",
                    created_at=at,
                )
            )  # fmt: skip
            db.session.add_all(
                PersonalLink(
                    live_session_id=key, person_id=person_id, meeting_id="1",
                    registrant_id=person_id, join_url=way, created_at=at,
                )
                for person_id, way in zip(world.people, ways, strict=True)
                if way != PLAIN
            )  # fmt: skip
        cookies, token = signed_in(app, world.people)
        db.session.remove()
        db.engine.dispose()
    return House(key, world.people, cookies, ways, token)


def press_all(port: int, house: House, seconds: float) -> Seen:
    """Let everyone press, evenly over so many seconds; every tenth presses twice."""
    seen, began = Seen(), time.monotonic() + 1.0
    path = f"/live-sessions/{house.live_session_id}/join"
    body = urlencode({"csrf_token": house.token})
    places = list(range(len(house.people)))

    def client(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for place in places[number::CLIENTS]:
            due = began + seconds * place / len(places)
            time.sleep(max(0.0, due - time.monotonic()))
            for turn in range(2 if place % AGAIN == 0 else 1):
                start = due if turn == 0 else time.monotonic()
                told, where = _press(connection, path, body, house.cookies[place])
                took = (time.monotonic() - start) * 1000
                with seen.lock:
                    seen.taken.append(took)
                    if (told, where) == (REDIRECTED, house.ways[place]):
                        seen.led.add(place)
                    else:
                        seen.faults.append(f"{told} {where[:60]}")
        connection.close()

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(client, range(CLIENTS)))
    return seen


def _press(
    connection: http.client.HTTPConnection, path: str, body: str, cookie: str
) -> tuple[int, str]:
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    try:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException) as fault:
        connection.close()
        return 0, type(fault).__name__
    return answer.status, answer.headers.get("Location") or ""


def measure(url: str, folder: Path, people: int, seconds: float) -> dict[str, Any]:
    """Fill a database, let everyone press, and return the figures of this engine."""
    house = fill_house(url, folder / "var", people, clock.now())
    environment = {"BENCH_URL": url, "BENCH_VAR": str(folder / "var")}
    with gunicorn("served_plain", environment) as (port, _process):
        seen = press_all(port, house, seconds)
    app = create_app(make_settings(url, folder / "var"))
    with app.app_context():
        recorded, rows = db.session.execute(
            select(func.count(JoinPress.person_id.distinct()), func.count()).select_from(JoinPress)
        ).one()
        db.engine.dispose()
    for fault in sorted(set(seen.faults)):
        print(f"  {seen.faults.count(fault)} x {fault}")
    every = sorted(seen.taken)
    return {
        "pressed": people,
        "redirected": len(seen.led),
        "recorded": recorded,
        "rows": rows,
        "errors": len(seen.faults),
        "p50_ms": round(statistics.median(every), 1),
        "p99_ms": round(every[len(every) * 99 // 100], 1),
    }


def main() -> None:
    """Measure on each engine and print a table and the line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--sqlite-people", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    found: dict[str, dict[str, Any]] = {}
    for name, lend in ENGINES.items():
        with lend() as url, scratch() as folder:
            if url is None:
                continue
            print(f"{name}: load of this machine before {os.getloadavg()[0]:.1f}", flush=True)
            people = options.sqlite_people if name == "sqlite" else options.people
            found[name] = measure(url, folder, people, options.seconds)
    keys = list(found["sqlite"])
    print(f"{'':20}" + "".join(f"{name:>14}" for name in found))
    for key in keys:
        print(f"{key:20}" + "".join(f"{one[key]:>14}" for one in found.values()))
    if "postgresql" not in found:
        print("PostgreSQL: not measured, no server could be had.")
    print(json.dumps({"engines": found}))


if __name__ == "__main__":
    main()
