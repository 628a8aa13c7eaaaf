"""Measure the pages a learner uses most, on each engine, beside an empty page of the same app.

    .venv/bin/python bench/pages.py [--quick]

Five courses, then thirty, all filled (see bench/world.py). Queries are counted in SQLAlchemy
(BEGIN, COMMIT and PRAGMA are not). `ms` is the time from calling the application to the end of
its answer, in this process, the median of many taken in turns with the other pages, so that a
slow moment of the machine meets all alike. Requests a second: gunicorn, two workers with
threads, four kept connections.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from flask import Flask
from werkzeug.test import EnvironBuilder, run_wsgi_app

from bench.serving import gunicorn, requests_per_second
from bench.world import (
    EMPTY,
    ENGINES,
    World,
    cookie_of,
    counted,
    fill,
    make_measured,
    scratch,
)
from lms.infra.db import db
from lms.infra.web.assets import pack_assets
from lms.kernel import clock

ROUNDS = 150
PAGES = ("learner", "course", "catalogue")


def paths_of(world: World) -> dict[str, str]:
    return {
        "empty": EMPTY,
        "learner": "/my",
        "course": world.course_path(),
        "catalogue": "/courses",
    }


def measure(app: Flask, world: World, rounds: int) -> tuple[dict[str, float], dict[str, int]]:
    """Return the median milliseconds and the most queries of each page."""
    paths, cookie = paths_of(world), cookie_of(app, world.learner)
    environs = {
        name: EnvironBuilder(path=path, headers={"Cookie": cookie}).get_environ()
        for name, path in paths.items()
    }
    for environ in environs.values():
        for _ in range(5):
            _ask(app.wsgi_app, environ)
    queries = dict.fromkeys(environs, 0)
    for name, environ in environs.items():
        # The settings of the site and the tree of organisations are read once in five seconds
        # a process: warm here; tests/architecture/test_budgets.py counts them too.
        with counted() as sent:
            _ask(app.wsgi_app, environ)
        queries[name] = len(sent)
    taken: dict[str, list[float]] = {name: [] for name in environs}
    for _ in range(rounds):
        for name, environ in environs.items():
            started = time.perf_counter()
            _ask(app.wsgi_app, environ)
            taken[name].append((time.perf_counter() - started) * 1000)
    return {name: statistics.median(all_) for name, all_ in taken.items()}, queries


def _ask(wsgi: Callable[..., Iterable[bytes]], environ: dict[str, Any]) -> None:
    _body, status, _headers = run_wsgi_app(wsgi, dict(environ), buffered=True)
    assert status.startswith("200"), status


def in_process(url: str, var: Path, courses: int, rounds: int) -> tuple[Any, Any, Flask, World]:
    app = make_measured(url, var)
    with app.app_context():
        db.drop_all()
        db.create_all()
        world = fill(clock.now(), courses=courses)
    times, queries = measure(app, world, rounds)
    with app.app_context():
        db.engine.dispose()
    return times, queries, app, world


def measure_engine(url: str, rounds: int) -> dict[str, Any]:
    with scratch() as var:
        pack_assets(var / "static")
        more, more_queries, _app, _world = in_process(url, var, 30, rounds)
        times, queries, app, world = in_process(url, var, 5, rounds)
        environment = {"BENCH_URL": url, "BENCH_VAR": str(var)}
        with gunicorn("served_bare", environment) as (port, _process):
            bare = requests_per_second(port, "/")
        paths, cookie = paths_of(world), cookie_of(app, world.learner)
        with gunicorn("served_app", environment) as (port, _process):
            rates = {name: requests_per_second(port, paths[name], cookie) for name in paths}
    result: dict[str, Any] = {
        "bare_rps": round(bare, 1),
        "empty": {"queries": queries["empty"], "ms": round(times["empty"], 2),
                  "rps": round(rates["empty"], 1)},
    }  # fmt: skip
    for name in PAGES:
        result[name] = {
            "queries": max(queries[name], more_queries[name]),
            "ms": round(times[name], 2),
            "ms_30": round(more[name], 2),
            "ratio_to_empty": round(times[name] / times["empty"], 2),
            "ratio_to_empty_30": round(more[name] / more["empty"], 2),
            "rps": round(rates[name], 1),
        }
    return result


def print_table(engine: str, found: dict[str, Any]) -> None:
    print(f"\n{engine}: a bare page with one query {found['bare_rps']:.0f} requests/s")
    print(f"{'page':<12}{'queries':>8}{'ms':>9}{'x empty':>9}{'x empty, 30':>13}{'req/s':>8}")
    empty = found["empty"]
    print(f"{'empty':<12}{empty['queries']:>8}{empty['ms']:>9.2f}{'':>22}{empty['rps']:>8.0f}")
    for name in PAGES:
        row = found[name]
        print(
            f"{name:<12}{row['queries']:>8}{row['ms']:>9.2f}{row['ratio_to_empty']:>9.2f}"
            f"{row['ratio_to_empty_30']:>13.2f}{row['rps']:>8.0f}"
        )


def main(arguments: list[str]) -> int:
    rounds = ROUNDS // 5 if "--quick" in arguments else ROUNDS
    engines: dict[str, Any] = {}
    for engine, lend in ENGINES.items():
        with lend() as url:
            if url is None:
                print(f"\n{engine}: not measured, no server can be had here")
                continue
            engines[engine] = measure_engine(url, rounds)
        print_table(engine, engines[engine])
    print("Wanted: at most 8 queries, 5 x the empty page, 8 x with thirty courses.")
    print(json.dumps({"engines": engines}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
