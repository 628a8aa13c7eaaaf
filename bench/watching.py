"""Measure a full house: 1,000 viewers report and fetch a key every 30 seconds each.

    .venv/bin/python bench/watching.py [--seconds 90] [--viewers 1000]

On each engine: everyone opens a play session; then, spread evenly over the 30 seconds, each
reports what it played and fetches the next key, for the seconds named. The application runs
under gunicorn with two workers, the players in this process, PostgreSQL beside: all on the same
two cores. `p99_ms` is over reports and keys together, from the moment each was due (a late start
counts). `lost` are reports that were answered 200 and whose playing is not in the tables
afterwards. Then the limit: eight connections report as fast as they are answered
(`reports_per_s`), and eight connections of the bare driver write one row of the same size each
with INSERT ... ON CONFLICT and a commit (`bare_upserts_per_s`). `bytes_per_viewer` is the table
of coverage with its index, for one recording, after what was watched here in pieces.
"""

import argparse
import heapq
import json
import os
import sqlite3
import statistics
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import psycopg
from sqlalchemy import create_engine, func, make_url, select, text

from bench.serving import gunicorn
from bench.viewers import Audience, Player, fill_audience
from bench.world import ENGINES, make_settings, scratch
from lms.app import create_app
from lms.infra.db import db
from lms.kernel import clock
from lms.rights.models import PlaySession, RefusalLog
from lms.watching.models import Watch, WatchSession
from lms.watching.rules import unpack_intervals, unpack_numbers

PERIOD = 30.0
CLIENTS = 16
LIMIT_CONNECTIONS, LIMIT_SECONDS = 8, 6.0
OK = 200


@dataclass
class Seen:
    """What the players saw: latencies in ms, what was answered, what should be in the tables."""

    taken: dict[str, list[float]] = field(default_factory=lambda: {"report": [], "key": []})
    faults: list[str] = field(default_factory=list)
    sent: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


def start_all(players: list[Player]) -> float:
    """Open everyone's play session; return the seconds it took."""
    started = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(Player.start, players))
    return time.monotonic() - started


def play_on(players: list[Player], seconds: float, seen: Seen) -> int:
    """Let everyone report and fetch a key every 30 s, for so long; return how many reports."""
    due: list[tuple[float, int, int]] = []
    began = time.monotonic() + 0.5
    for place in range(len(players)):
        # The first report comes after half a minute of playing, as in the page.
        heapq.heappush(due, (began + PERIOD * (place + 1) / len(players), place, 0))
    lock, ends = threading.Lock(), began + seconds
    counts = [0] * CLIENTS

    def client(number: int) -> None:
        while True:
            with lock:
                if not due or due[0][0] >= ends:
                    return
                at, place, turn = heapq.heappop(due)
                heapq.heappush(due, (at + PERIOD, place, turn + 1))
            time.sleep(max(0.0, at - time.monotonic()))
            counts[number] += _one_turn(players[place], place, turn, at, seen)

    threads = [threading.Thread(target=client, args=(n,)) for n in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts)


def _one_turn(player: Player, place: int, turn: int, at: float, seen: Seen) -> int:
    """Report and fetch the next key. Every third turn skips ahead, so that pieces remain."""
    begin = turn * 30_000 + (turn // 3) * 60_000 + place % 500
    # Between two reports no more was played than time went by.
    first = int(min(30_000, 4_000 if turn == 0 else 30_000))
    interval = (begin, begin + first)
    status, told = player.report([interval], interval[1])
    report_ms = (time.monotonic() - at) * 1000
    began = time.monotonic()
    key_status, _key = player.get(player.keys[min(turn + 1, len(player.keys) - 1)])
    key_ms = (time.monotonic() - began) * 1000
    with seen.lock:
        seen.taken["report"].append(report_ms)
        seen.taken["key"].append(key_ms)
        if status == OK:
            seen.sent.setdefault(place, []).append(interval)
        else:
            seen.faults.append(f"report {status} {told.get('error')}")
        if key_status != OK:
            seen.faults.append(f"key {key_status}")
    return 1


def reach_limit(players: list[Player], seen: Seen) -> float:
    """Return how many reports a second are taken when eight connections send without a pause."""
    ends = time.monotonic() + LIMIT_SECONDS
    counts = [0] * LIMIT_CONNECTIONS

    def client(number: int) -> None:
        own = players[number::LIMIT_CONNECTIONS]
        turn = 0
        while time.monotonic() < ends:
            place = number + LIMIT_CONNECTIONS * (turn % len(own))
            begin = 2_000_000 + (turn // len(own)) * 10
            status, told = own[turn % len(own)].report([(begin, begin + 10)], begin)
            if status == OK:
                counts[number] += 1
                with seen.lock:
                    seen.sent.setdefault(place, []).append((begin, begin + 10))
            else:
                with seen.lock:
                    seen.faults.append(f"limit {status} {told.get('error')}")
            turn += 1

    began = time.monotonic()
    threads = [threading.Thread(target=client, args=(n,)) for n in range(LIMIT_CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.monotonic() - began)


def bare_upserts(url: str) -> float:
    """Return how many rows a second eight connections of the bare driver write and commit."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE bare (id TEXT PRIMARY KEY, body TEXT, n INTEGER)"))
    engine.dispose()
    is_file = url.startswith("sqlite")
    place = "?" if is_file else "%s"
    statement = (
        f"INSERT INTO bare VALUES ({place}, {place}, 1) "  # noqa: S608 - our own text
        "ON CONFLICT (id) DO UPDATE SET body = excluded.body, n = bare.n + 1"
    )
    ends = time.monotonic() + LIMIT_SECONDS
    counts = [0] * LIMIT_CONNECTIONS

    def client(number: int) -> None:
        connection: Any
        if is_file:
            connection = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=30)
            connection.isolation_level = None
            connection.execute("PRAGMA synchronous=NORMAL")
        else:
            plain = make_url(url).set(drivername="postgresql")
            connection = psycopg.connect(plain.render_as_string(hide_password=False))
        turn = 0
        while time.monotonic() < ends:
            if is_file:
                connection.execute("BEGIN IMMEDIATE")
            connection.execute(statement, (f"{number}-{turn % 125}", "x" * 180))
            connection.commit()
            counts[number] += 1
            turn += 1
        connection.close()

    began = time.monotonic()
    threads = [threading.Thread(target=client, args=(n,)) for n in range(LIMIT_CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.monotonic() - began)


def count_lost(audience: Audience, players: list[Player], seen: Seen) -> int:
    """Return how many accepted reports are not in the tables, by playing and by number."""
    lost = 0
    rows = {row.person_id: row for row in db.session.scalars(select(Watch))}
    numbers = {
        play_id: sum(b - a for a, b in unpack_numbers(packed))
        for play_id, packed in db.session.execute(
            select(WatchSession.play_session_id, WatchSession.seen)
        )
    }
    for place, intervals in seen.sent.items():
        covered = unpack_intervals(rows[audience.people[place]].intervals)
        missing = sum(
            not any(a <= start and end <= b for a, b in covered) for start, end in intervals
        )
        unnumbered = len(intervals) - numbers[players[place].play_id]
        lost += max(missing, unnumbered, 0)
    return lost


def bytes_of_coverage() -> float:
    """Return the bytes of the table of coverage with its index, a viewer who is in it."""
    viewers = db.session.scalar(select(func.count()).select_from(Watch)) or 0
    db.session.remove()
    if db.engine.dialect.name == "sqlite":
        # The bare driver: no statement of ours stands outside a transaction.
        connection = sqlite3.connect(db.engine.url.database or "", isolation_level=None)
        connection.execute("VACUUM")
        size = connection.execute(
            "SELECT sum(pgsize) FROM dbstat WHERE name IN "
            "(SELECT name FROM sqlite_master WHERE tbl_name = 'watch')"
        ).fetchone()[0]
        connection.close()
    else:
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as own:
            own.execute(text("VACUUM FULL watch"))
            size = own.execute(text("SELECT pg_total_relation_size('watch')")).scalar_one()
    return float(size) / max(viewers, 1)


def measure(url: str, folder: Path, viewers: int, seconds: float) -> dict[str, Any]:
    """Fill a database, let everyone watch, and return the figures of this engine."""
    at = clock.now()
    audience = fill_audience(url, folder / "var", viewers, at)
    seen = Seen()
    environment = {"BENCH_URL": url, "BENCH_VAR": str(folder / "var")}
    with gunicorn("served_plain", environment) as (port, _process):
        players = [Player(port, audience, place) for place in range(viewers)]
        start_s = start_all(players)
        reports = play_on(players, seconds, seen)
        limit = reach_limit(players, seen)
    app = create_app(make_settings(url, folder / "var"))
    with app.app_context():
        lost = count_lost(audience, players, seen)
        plays = db.session.scalar(select(func.count()).select_from(PlaySession))
        refused = db.session.scalar(select(func.count()).select_from(RefusalLog))
        size = bytes_of_coverage()
        db.engine.dispose()
    assert plays == viewers, plays
    assert refused == 0, refused
    for fault in sorted(set(seen.faults)):
        print(f"  {seen.faults.count(fault)} x {fault}")
    bare = bare_upserts(url)
    every = sorted(seen.taken["report"] + seen.taken["key"])
    return {
        "viewers": viewers,
        "reports": reports,
        "lost": lost,
        "faults": len(seen.faults),
        "reports_per_s": round(limit, 1),
        "bare_upserts_per_s": round(bare, 1),
        "ratio_to_bare": round(limit / bare, 3),
        "p50_ms": round(statistics.median(every), 1),
        "p99_ms": round(every[len(every) * 99 // 100], 1),
        "p99_report_ms": round(_p99(seen.taken["report"]), 1),
        "p99_key_ms": round(_p99(seen.taken["key"]), 1),
        "started_per_s": round(viewers / start_s, 1),
        "bytes_per_viewer": round(size, 1),
    }


def _p99(taken: list[float]) -> float:
    return sorted(taken)[len(taken) * 99 // 100]


def main() -> None:
    """Measure on each engine and print a table and the line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--viewers", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=90.0)
    options = parser.parse_args()
    found: dict[str, dict[str, Any]] = {}
    for name, lend in ENGINES.items():
        with lend() as url, scratch() as folder:
            if url is None:
                continue
            print(f"{name}: load of this machine before {os.getloadavg()[0]:.1f}", flush=True)
            found[name] = measure(url, folder, options.viewers, options.seconds)
    keys = list(found["sqlite"])
    print(f"{'':20}" + "".join(f"{name:>14}" for name in found))
    for key in keys:
        print(f"{key:20}" + "".join(f"{one[key]:>14}" for one in found.values()))
    if "postgresql" not in found:
        print("PostgreSQL: not measured, no server could be had.")
    print(json.dumps({"engines": found}))


if __name__ == "__main__":
    main()
