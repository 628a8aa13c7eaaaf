"""Measure how fast a withdrawal stops 200 viewers in the middle of a recording.

    .venv/bin/python bench/withdrawal.py [--viewers 200] [--rate 1]

Everyone opens a play session and plays in real time, begun at moments spread over one key
period: a player fetches the key of what it will play 24 s from now (the buffer that the page
allows hls.js) and reports every 30 s. When all play, the speaker's agreement is withdrawn by the
operation that the desk and the speaker's own page call. Measured for each viewer, in seconds
after the withdrawal's commit: the first refused key (`median_stop_s`, `slowest_stop_s`), and the
moment at which the picture stands still (`*_still_s`): at the answer "stop" to a report, when
the page detaches the media, or when what was fetched under the last key is played out, whichever
is first. `--rate 0.5` plays at half speed. `stopped` counts those whom both stopped. The run ends
with asking for every key that was fetched once more as everybody: none may be answered.
"""

import argparse
import json
import statistics
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.serving import gunicorn
from bench.viewers import SEGMENT_MS, Audience, Player, fill_audience
from bench.watching import start_all
from bench.world import make_settings, postgresql_url, scratch, sqlite_url
from lms.app import create_app
from lms.infra.db import db, unit_of_work
from lms.kernel import clock
from lms.kernel.actor import SYSTEM
from lms.recordings.rules import KEY_SECONDS
from lms.rights.operations import withdraw_agreement

BUFFER_S, REPORT_S = 24.0, 30.0
WARM_S = 40.0
LONGEST_S = 150.0
STEP_S = 0.05
OK, REFUSED = 200, 403


@dataclass
class Viewing:
    """One player on its way: when it began, which keys it has, and how it was stopped."""

    player: Player
    began: float
    fetched: int = 0
    next_report: float = 0.0
    told_ms: int = 0
    refused_at: float | None = None
    stopped_at: float | None = None

    def position(self, at: float, rate: float) -> float:
        """Return the second of the recording that is played at a moment."""
        return max(0.0, at - self.began) * rate

    def still_at(self, rate: float) -> float | None:
        """Return when the picture stands still: told to stop, or nothing left to play."""
        if self.refused_at is None:
            return self.stopped_at
        played_out = self.began + self.fetched * KEY_SECONDS / rate
        return played_out if self.stopped_at is None else min(self.stopped_at, played_out)


def play(viewing: Viewing, rate: float, ends: threading.Event) -> None:
    """Play until key and report are both refused, as the page's player does."""
    time.sleep(max(0.0, viewing.began - time.monotonic()))
    viewing.next_report = viewing.began + REPORT_S
    while not ends.is_set() and (viewing.refused_at is None or viewing.stopped_at is None):
        now = time.monotonic()
        ahead = viewing.position(now, rate) + BUFFER_S
        if viewing.refused_at is None and viewing.fetched * KEY_SECONDS < ahead:
            status, _body = viewing.player.get(viewing.player.keys[viewing.fetched])
            if status == OK:
                viewing.fetched += 1
            elif status == REFUSED:
                viewing.refused_at = time.monotonic()
            else:
                raise AssertionError(f"key {status}")
        if viewing.stopped_at is None and now >= viewing.next_report:
            _report(viewing, rate, now)
        time.sleep(STEP_S)


def _report(viewing: Viewing, rate: float, now: float) -> None:
    position = int(viewing.position(now, rate) * 1000)
    status, told = viewing.player.report([(viewing.told_ms, position)], position)
    assert status == OK, (status, told)
    viewing.told_ms = position
    viewing.next_report += REPORT_S
    if told["stop"]:
        viewing.stopped_at = time.monotonic()


def withdraw(url: str, var_dir: Path, audience: Audience) -> float:
    """Withdraw the speaker's agreement; return the moment of the commit."""
    app = create_app(make_settings(url, var_dir))
    with app.app_context():
        with unit_of_work():
            withdraw_agreement(SYSTEM, audience.agreement_id, clock.now(), reason="bench")
        moment = time.monotonic()
        db.session.remove()
        db.engine.dispose()
    return moment


def measure(url: str, folder: Path, viewers: int, rate: float) -> dict[str, float | int]:
    """Let everyone play, withdraw, and return when each was stopped."""
    audience = fill_audience(url, folder / "var", viewers, clock.now())
    environment = {"BENCH_URL": url, "BENCH_VAR": str(folder / "var")}
    with gunicorn("served_plain", environment) as (port, _process):
        players = [Player(port, audience, place) for place in range(viewers)]
        start_all(players)
        began = time.monotonic() + 1.0
        spread = KEY_SECONDS / rate
        viewings = [Viewing(one, began + spread * n / viewers) for n, one in enumerate(players)]
        ends = threading.Event()
        threads = [threading.Thread(target=play, args=(one, rate, ends)) for one in viewings]
        for thread in threads:
            thread.start()
        time.sleep(1.0 + spread + WARM_S)
        assert all(one.refused_at is None and one.fetched for one in viewings)
        at = withdraw(url, folder / "var", audience)
        deadline = time.monotonic() + LONGEST_S
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        ends.set()
        for thread in threads:
            thread.join()
        answered = sum(
            one.player.get(key)[0] == OK
            for one in viewings
            for key in one.player.keys[: one.fetched]
        )
    assert answered == 0, f"{answered} keys were answered after the withdrawal"
    refused = [one.refused_at - at for one in viewings if one.refused_at is not None]
    told = [one.stopped_at - at for one in viewings if one.stopped_at is not None]
    still = [moment - at for one in viewings if (moment := one.still_at(rate)) is not None]
    return {
        "viewers": viewers,
        "stopped": sum(
            one.refused_at is not None and one.stopped_at is not None for one in viewings
        ),
        "rate": rate,
        "median_stop_s": round(statistics.median(refused), 1),
        "slowest_stop_s": round(max(refused), 1),
        "median_told_s": round(statistics.median(told), 1),
        "slowest_told_s": round(max(told), 1),
        "median_still_s": round(statistics.median(still), 1),
        "slowest_still_s": round(max(still), 1),
        "keys_after": answered,
        "key_period_s": KEY_SECONDS,
        "segment_s": SEGMENT_MS // 1000,
    }


def main() -> None:
    """Measure on PostgreSQL where there is one, else on SQLite; print a table and JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--viewers", type=int, default=200)
    parser.add_argument("--rate", type=float, default=1.0)
    options = parser.parse_args()
    with postgresql_url() as server, sqlite_url() as file, scratch() as folder:
        engine = "sqlite" if server is None else "postgresql"
        print(f"on {engine}, {options.viewers} viewers at {options.rate}x", flush=True)
        found = measure(server or file, folder, options.viewers, options.rate)
    for key, value in found.items():
        print(f"{key:20}{value:>10}")
    print(json.dumps({**found, "engine": engine}))


if __name__ == "__main__":
    main()
