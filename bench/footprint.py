"""Measure what Tomoni takes: to start, to hold in memory, to send, to install.

    .venv/bin/python bench/footprint.py [--skip-first-run]

`cold_start_s`: a new process until the application is made; `import_floor_s`: a new process that
imports flask and sqlalchemy.orm; both the best of several in turns, with the interpreter's own
start taken off. `worker_pss_mb`: the web server's worker after 200 requests. `page_kb` and
`page_requests`: the learner's page in an empty cache, as Chromium asks for it, bytes of the
answers' bodies and headers on the wire; without a browser the addresses in its HTML are followed.
`first_run_s` and `download_mb`: `make demo` of the last commit in an empty folder with empty
caches until it has said its address; megabytes are what the machine's network interfaces received
meanwhile (on a machine that does nothing else), or, where they do not tell, what pip, uv and npm
keep in their caches, which is more, as it is unpacked (`kept_mb`).
"""

import argparse
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.serving import children_of, free_port, gunicorn, pss_mb, stop
from bench.world import ROOT, World, cookie_of, fill, make_measured, scratch, sqlite_url, wait_until
from lms.infra.db import db
from lms.infra.web.assets import pack_assets
from lms.kernel import clock

STARTS = 7
REQUESTS = 200
FIRST_RUN_SECONDS = 900
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
_LINKED = re.compile(r'<(?:link|script|img)\b[^>]*?\b(?:href|src)="([^"]+)"')
_USED = re.compile(r'<use href="([^"#]+)')
_IMPORTED = re.compile(r'(?:import\s*\(?|from)\s*"(\.[^"]+)"|url\("?([^")]+)"?\)')


# ---------------------------------------------------------------- starting


def seconds_of(code: str, environment: dict[str, str]) -> float:
    """Return how long a new interpreter takes to run a line of code."""
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, **environment}, check=True
    )
    return time.perf_counter() - started


def measure_start(var: Path) -> tuple[float, float]:
    """Return the seconds to make the application, and to import what it stands on."""
    environment = {"TOMONI_VAR": str(var)}
    codes = {
        "nothing": "pass",
        "floor": "import flask, sqlalchemy.orm",
        "whole": "from lms.app import create_app; create_app()",
    }
    for code in codes.values():
        seconds_of(code, environment)  # the first one fills the machine's caches
    best = dict.fromkeys(codes, float("inf"))
    for _ in range(STARTS):
        for name, code in codes.items():
            best[name] = min(best[name], seconds_of(code, environment))
    return best["whole"] - best["nothing"], best["floor"] - best["nothing"]


# ---------------------------------------------------------------- memory


def ask_often(port: int, cookie: str, world: World) -> None:
    """Send the requests after which a worker's memory is read: the pages people use most."""
    paths = ("/my", world.course_path(), "/courses", "/my/schedule",
             f"{world.course_path()}/lessons/lesson-0-0")  # fmt: skip
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for number in range(REQUESTS):
        connection.request("GET", paths[number % len(paths)], headers={"Cookie": cookie})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
    connection.close()


@contextmanager
def job_worker(url: str, var: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-c", "from lms.command import main; main()", "worker"],
        cwd=ROOT,
        env={**os.environ, "TOMONI_DATABASE_URL": url, "TOMONI_VAR": str(var)},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        time.sleep(4)  # a few looks at the ledger
        yield process
    finally:
        stop(process)


# ---------------------------------------------------------------- the page


def page_by_browser(port: int, cookie: str) -> tuple[float, int] | None:
    """Return kB on the wire and requests of the learner's page cold, or None without a browser."""
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where there is one
    except ImportError:
        return None
    if not Path(CHROMIUM).exists():
        return None
    name, _sign, value = cookie.partition("=")
    sizes: list[float] = []
    asked: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(locale="ja-JP")
        context.add_cookies([{"name": name, "value": value, "domain": "127.0.0.1", "path": "/"}])
        page = context.new_page()
        devtools: Any = context.new_cdp_session(page)
        devtools.send("Network.enable")
        devtools.on("Network.requestWillBeSent", lambda e: asked.append(e["request"]["url"]))
        devtools.on("Network.loadingFinished", lambda e: sizes.append(e["encodedDataLength"]))
        page.goto(f"http://127.0.0.1:{port}/my", wait_until="networkidle")
        assert page.get_by_test_id("my-courses").count() == 1
        browser.close()
    return sum(sizes) / 1000, len([url for url in asked if url.startswith("http")])


def page_by_links(port: int, cookie: str) -> tuple[float, int]:
    """Return the same by following the addresses in HTML, CSS and scripts."""
    wanted, seen, size = ["/my"], set(), 0
    while wanted:
        path = wanted.pop(0)
        if path in seen or path.startswith("data:"):
            continue
        seen.add(path)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", path, headers={"Cookie": cookie, "Accept-Encoding": "br, gzip"})
        answer = connection.getresponse()
        size += len(answer.read()) + len(str(answer.headers))
        connection.request("GET", path, headers={"Cookie": cookie})
        plain = connection.getresponse().read().decode("utf-8", "replace")
        connection.close()
        if path == "/my":
            found = [*_LINKED.findall(plain), *_USED.findall(plain)]
        elif path.endswith(("css", "mjs", "js")):
            found = [one or other for one, other in _IMPORTED.findall(plain)]
        else:
            found = []
        wanted += [urllib.parse.urljoin(path, one).partition("#")[0] for one in found]
    return size / 1000, len(seen)


# ---------------------------------------------------------------- the first run


def copy_commit(target: Path) -> None:
    """Put the last commit's files, and nothing else, into a folder."""
    archive = subprocess.run(
        ["git", "archive", "--format=tar", "HEAD"], cwd=ROOT, check=True, capture_output=True
    )
    target.mkdir()
    subprocess.run(["tar", "-x", "-C", str(target)], input=archive.stdout, check=True)


def received_bytes() -> int:
    """Return what the machine's network interfaces (but the loop to itself) have received."""
    try:
        lines = Path("/proc/net/dev").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    told = [line.partition(":") for line in lines if ":" in line]
    return sum(int(rest.split()[0]) for name, _colon, rest in told if name.strip() != "lo")


def measure_first_run(folder: Path) -> tuple[float, float, float]:
    """Return seconds until `make demo` from nothing is up, megabytes fetched, and kept."""
    tree, caches, log = folder / "tree", folder / "caches", folder / "demo.log"
    copy_commit(tree)
    environment = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("TOMONI_", "VIRTUAL_ENV", "MAKE", "PYTHON"))
    }
    environment.update(
        PIP_CACHE_DIR=str(caches / "pip"),
        UV_CACHE_DIR=str(caches / "uv"),
        npm_config_cache=str(caches / "npm"),
        PIP_NO_CACHE_DIR="0",
    )
    # The interpreter that made this environment, as on a machine where it is the system's.
    interpreter = Path(sys.base_prefix) / "bin" / "python3"
    before, started = received_bytes(), time.monotonic()
    with log.open("wb") as out:
        process = subprocess.Popen(
            ["make", "demo", f"PORT={free_port()}", f"PYTHON={interpreter}"],
            cwd=tree,
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_until(
            lambda: process.poll() is not None or b"Tomoni is running" in log.read_bytes(),
            FIRST_RUN_SECONDS,
            pause=0.2,
        )
        taken, received = time.monotonic() - started, (received_bytes() - before) / 1e6
        if process.poll() is not None:
            raise RuntimeError(f"make demo ended by itself:\n{log.read_text()[-2000:]}")
    finally:
        stop(process)
    kept = sum(
        path.stat().st_size
        for path in caches.rglob("*")
        if path.is_file() and not path.is_symlink()
    )
    kept_mb = kept / 1e6
    # Less than a twentieth: it came another way, through a proxy on this machine.
    return taken, received if received > kept_mb / 20 else kept_mb, kept_mb


# ---------------------------------------------------------------- all


def measure(*, first_run: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with scratch() as var, sqlite_url() as url:
        found["cold_start_s"], found["import_floor_s"] = measure_start(var)
        pack_assets(var / "static")
        app = make_measured(url, var)
        with app.app_context():
            db.create_all()
            world = fill(clock.now(), courses=5)
            db.engine.dispose()
        cookie = cookie_of(app, world.learner)
        with gunicorn("served_plain", {"BENCH_URL": url, "BENCH_VAR": str(var)}, workers=1) as (
            port,
            process,
        ):
            found["page_kb"], found["page_requests"] = page_by_browser(
                port, cookie
            ) or page_by_links(port, cookie)
            ask_often(port, cookie, world)
            found["worker_pss_mb"] = max(pss_mb(pid) for pid in children_of(process.pid))
        with job_worker(url, var) as process:
            found["job_worker_pss_mb"] = pss_mb(process.pid)
    found["first_run_s"] = found["download_mb"] = found["kept_mb"] = None
    if first_run:
        with scratch() as folder:
            found["first_run_s"], found["download_mb"], found["kept_mb"] = measure_first_run(folder)
    return {key: round(value, 3) if value is not None else None for key, value in found.items()}


def print_table(found: dict[str, Any]) -> None:
    times = found["cold_start_s"] / found["import_floor_s"]
    rows = [
        ("application made", f"{found['cold_start_s']:.2f} s", ""),
        ("  flask and sqlalchemy.orm alone", f"{found['import_floor_s']:.2f} s", ""),
        ("  times that", f"{times:.2f}", "wanted: at most 3"),
        ("web worker after 200 requests", f"{found['worker_pss_mb']:.0f} MB", "wanted: under 150"),
        ("job worker at rest", f"{found['job_worker_pss_mb']:.0f} MB", ""),
        ("learner's page cold", f"{found['page_kb']:.0f} kB", "wanted: at most 150"),
        ("  requests", f"{found['page_requests']}", "wanted: at most 10"),
    ]
    if found["first_run_s"] is None:
        rows.append(("first 'make demo'", "not measured", "--skip-first-run"))
    else:
        rows += [
            ("first 'make demo'", f"{found['first_run_s']:.0f} s", "no target"),
            ("  fetched", f"{found['download_mb']:.0f} MB", "no target"),
            ("  unpacked, in the caches", f"{found['kept_mb']:.0f} MB", ""),
        ]
    for what, value, wanted in rows:
        print(f"{what:<38}{value:>14}   {wanted}")


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure what Tomoni takes.")
    parser.add_argument("--skip-first-run", action="store_true")
    arguments = parser.parse_args()
    if shutil.which("make") is None or shutil.which("git") is None:
        arguments.skip_first_run = True
    found = measure(first_run=not arguments.skip_first_run)
    print_table(found)
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
