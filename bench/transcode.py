"""Measure how long a film takes to be ready to publish, and whether pages suffer meanwhile.

    .venv/bin/python bench/transcode.py [--hour] [--seconds N] [--size 1280x720]

A moving test picture with sound (30 pictures a second, made here first) is imported into a new
SQLite database; one worker process makes the default renditions: the best picture, a small one,
and the sound alone. Meanwhile the learner's page is asked for from gunicorn (two workers) ten
times a second, and before that for as long with the worker idle: `page_ratio` is the median
with over the median without. Then a second, shorter film is begun, the worker is killed
(SIGKILL) in the middle, and another one takes it up once the lease of 60 s has run out: nothing
half-made may be known meanwhile, no ffmpeg may go on, and no leftovers may stay.
`load_before` is the machine's load average before it all: another's work slows this down;
`cpu_s` is the processor time that ffmpeg took, whatever else went on.
"""

import argparse
import http.client
import json
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from flask import Flask
from sqlalchemy import select

from bench.serving import HTTP_OK, children_of, gunicorn
from bench.world import (
    ROOT,
    World,
    cookie_of,
    fill,
    make_settings,
    scratch,
    sqlite_url,
    wait_until,
)
from lms.app import create_app
from lms.infra.current import current_storage
from lms.infra.db import Model, db, unit_of_work
from lms.infra.jobs.models import Job
from lms.infra.web.assets import pack_assets
from lms.kernel import clock
from lms.kernel.actor import SYSTEM
from lms.recordings.models import MediaKind, Recording, Rendition, Stage
from lms.recordings.operations import Details, add_recording, import_file
from lms.recordings.operations.encoding import ffmpeg_path

MEDIA_S, HOUR_S, KILLED_S = 300, 3600, 60
PAGE, PAUSE_S, IDLE_S = "/my", 0.1, 15.0
KILL_AT = 300  # thousandths

WORKER = """
import sys
from pathlib import Path
from bench.world import make_settings
from lms.app import create_app
from lms.worker import work_until_told
work_until_told(create_app(make_settings(sys.argv[1], Path(sys.argv[2]))))
"""


@dataclass
class Asked:
    """How long a page took, in ms, each time it was asked for."""

    taken: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.taken)

    @property
    def p95(self) -> float:
        return sorted(self.taken)[int(len(self.taken) * 0.95)]


@contextmanager
def asking(port: int, cookie: str) -> Iterator[Asked]:
    """Ask for the page again and again while the block runs."""
    asked, stop = Asked(), threading.Event()

    def ask() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while not stop.wait(PAUSE_S):
            started = time.perf_counter()
            connection.request("GET", PAGE, headers={"Cookie": cookie})
            answer = connection.getresponse()
            answer.read()
            asked.taken.append((time.perf_counter() - started) * 1000)
            if answer.status != HTTP_OK:
                asked.faults.append(str(answer.status))
        connection.close()

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield asked
    finally:
        stop.set()
        thread.join()


@contextmanager
def worker(url: str, var: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run one worker process, as `lms worker` does, and end it."""
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, url, str(var)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(60)


def make_film(path: Path, seconds: int, size: str) -> None:
    """Make a film that moves in every picture, with sound."""
    subprocess.run(
        [
            ffmpeg_path(), "-v", "error", "-nostdin", "-y",
            "-f", "lavfi", "-i", f"testsrc2=s={size}:r=30:d={seconds}",
            "-f", "lavfi", "-i", f"sine=frequency=330:beep_factor=4:duration={seconds}",
            "-c:v", "libx264", "-preset", "ultrafast", "-crf", "26", "-pix_fmt", "yuv420p",
            "-c:a", "aac", "-b:a", "128k", str(path),
        ],
        check=True,
    )  # fmt: skip


def take_in(world: World, film: Path) -> str:
    """Import a film as a recording; return its id."""
    edition_id = world.editions[0]
    with unit_of_work():
        details = Details({"en": film.stem})
        row = add_recording(SYSTEM, edition_id, MediaKind.VIDEO, details, clock.now())
        recording_id = row.id
        import_file(SYSTEM, current_storage(), recording_id, film, clock.now())
    return recording_id


def look(recording_id: str) -> tuple[Recording, int]:
    """Return a recording as it stands now, and how far its job is in thousandths."""
    db.session.rollback()
    db.session.expire_all()
    row = db.session.get_one(Recording, recording_id)
    job = db.session.get(Job, row.job_id or "")
    return row, job.progress if job else 0


def renditions(recording_id: str) -> list[Rendition]:
    db.session.rollback()
    query = select(Rendition).where(Rendition.recording_id == recording_id)
    return list(db.session.scalars(query.order_by(Rendition.height.desc())))


def wait_for(what: Callable[[], bool], process: subprocess.Popen[bytes], seconds: float) -> float:
    """Wait for something a worker is to do; return after how many seconds."""

    def seen() -> bool:
        if process.poll() is not None:
            raise RuntimeError("the worker ended by itself")
        return what()

    return wait_until(seen, seconds, pause=0.2)


def processed(recording_id: str) -> bool:
    row, _progress = look(recording_id)
    if row.stage == Stage.FAILED:
        raise RuntimeError(row.error_code)
    return bool(row.stage == Stage.REVIEW)


def alive(pids: list[int]) -> list[int]:
    """Return which of some processes still run; one that nobody has buried yet does not."""
    running = []
    for pid in pids:
        try:
            state = (
                Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
            )
        except OSError:
            continue
        if state not in {"Z", "X"}:
            running.append(pid)
    return running


def cpu_of_children(pid: int) -> float:
    """Return the seconds of processor time that the ended children of a process have taken."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def kill_and_resume(world: World, film: Path, url: str, var: Path) -> dict[str, bool]:
    """Kill a worker in the middle of a film and let another take it up; say what was found."""
    recording_id = take_in(world, film)
    with worker(url, var) as first:
        wait_for(lambda: look(recording_id)[1] >= KILL_AT, first, 600)
        started = children_of(first.pid)
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
    time.sleep(1)
    nothing_known = not renditions(recording_id) and look(recording_id)[0].stage == "processing"
    ended = bool(started) and not alive(started)
    with worker(url, var) as second:
        wait_for(lambda: processed(recording_id), second, 1800)
    folders = {row.folder.rpartition("/")[0] for row in renditions(recording_id)}
    root = var / "media" / "recordings" / recording_id / "v1"
    kept = {f"recordings/{recording_id}/v1/{path.name}" for path in root.iterdir()}
    return {
        "nothing_known": nothing_known,
        "ffmpeg_ended": ended,
        "resumed": len(renditions(recording_id)) == 3,
        "no_leftovers": kept == folders and not list((var / "work").glob(f"{recording_id}-*")),
    }


def measure(seconds: int, size: str, url: str, var: Path) -> dict[str, object]:
    app: Flask = create_app(make_settings(url, var))
    var.mkdir(parents=True, exist_ok=True)
    film, short = var / "film.mp4", var / "short.mp4"
    make_film(film, seconds, size)
    make_film(short, min(seconds, KILLED_S), size)
    with app.app_context():
        Model.metadata.create_all(db.engine)
        pack_assets(var / "static")
        world = fill(clock.now(), courses=3)
        environment = {"BENCH_URL": url, "BENCH_VAR": str(var)}
        with gunicorn("served_plain", environment) as (port, _process):
            cookie = cookie_of(app, world.learner)
            with worker(url, var) as process:
                with asking(port, cookie) as idle:
                    time.sleep(IDLE_S)
                with asking(port, cookie) as busy:
                    recording_id = take_in(world, film)
                    wall_s = wait_for(lambda: processed(recording_id), process, 12 * seconds)
                cpu_s = cpu_of_children(process.pid)
        made = [
            {
                "name": row.name,
                "size": f"{row.width}x{row.height}",
                "kbit_s": row.bandwidth // 1000,
                "segments": len(row.segments),
            }
            for row in renditions(recording_id)
        ]
        found = kill_and_resume(world, short, url, var)
    if idle.faults or busy.faults:
        raise RuntimeError(f"pages failed: {[*idle.faults, *busy.faults][:5]}")
    return {
        "media_s": seconds,
        "wall_s": round(wall_s, 1),
        "speed": round(seconds / wall_s, 2),
        "cpu_s": round(cpu_s, 1),
        "renditions": made,
        "page_ms_idle": round(idle.median, 1),
        "page_ms_busy": round(busy.median, 1),
        "page_p95_ms_idle": round(idle.p95, 1),
        "page_p95_ms_busy": round(busy.p95, 1),
        "page_ratio": round(busy.median / idle.median, 2),
        "killed_and_resumed": all(found.values()),
        "killed": found,
    }  # fmt: skip


def show(figures: dict[str, object]) -> None:
    """Print the figures as a table."""
    for name, value in figures.items():
        if name == "renditions":
            assert isinstance(value, list)
            for row in value:
                told = "  ".join(str(cell) for cell in row.values())
                print(f"{'rendition':<20}{told}")
        else:
            print(f"{name:<20}{value}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--hour", action="store_true", help="a film of an hour")
    parser.add_argument("--seconds", type=int, default=MEDIA_S)
    parser.add_argument("--size", default="1280x720")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with sqlite_url() as url, scratch() as var:
        seconds = HOUR_S if options.hour else options.seconds
        figures = measure(seconds, options.size, url, var)
    figures |= {"size": options.size, "cores": os.cpu_count(), "load_before": round(load, 2)}
    show(figures)
    print(json.dumps(figures))
    if not figures["killed_and_resumed"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
