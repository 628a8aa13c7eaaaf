"""Rows of watching <-> the state that the rules work on."""

from collections.abc import Iterable

from lms.infra.db import db
from lms.kernel.intervals import Intervals
from lms.watching.models import Watch, WatchSession
from lms.watching.queries import list_open_sessions, lock_watch
from lms.watching.rules import (
    PlaySession,
    WatchedMedia,
    WatchState,
    decide_close,
    measure_coverage,
    pack_intervals,
    pack_numbers,
    unpack_intervals,
    unpack_numbers,
)


def read_state(watch: Watch, sessions: Iterable[WatchSession]) -> WatchState:
    """Return the state of one viewer, recording and version."""
    return WatchState(
        intervals=unpack_intervals(watch.intervals),
        credit=watch.credit,
        last=watch.last_ms,
        completed_at=watch.completed_ms,
        resume_position=watch.resume_ms,
        resume_moment=watch.resume_moment_ms or None,
        plays={
            row.play_session_id: PlaySession(row.closed, unpack_numbers(row.seen))
            for row in sessions
        },
    )


def write_state(watch: Watch, sessions: Iterable[WatchSession], state: WatchState) -> None:
    """Write the state back. What did not change costs no statement."""
    watch.intervals = pack_intervals(state.intervals)
    watch.credit = state.credit
    watch.last_ms = state.last
    watch.completed_ms = state.completed_at
    watch.resume_ms = state.resume_position
    watch.resume_moment_ms = state.resume_moment or 0
    known = {row.play_session_id: row for row in sessions}
    for play_id, play in state.plays.items():
        row = known.get(play_id)
        if row is None:
            row = WatchSession(play_session_id=play_id)
            db.session.add(row)
        row.seen = pack_numbers(play.seen)
        row.closed = play.closed


def media_of(watch: Watch, duration_ms: int) -> WatchedMedia:
    """Return the version that was watched, as it is required of its viewer."""
    return WatchedMedia(duration_ms, hidden=unpack_intervals(watch.hidden))


def set_hidden(watch: Watch, hidden: Intervals, duration_ms: int) -> None:
    """Write down what the viewer may not see, as of the last decision."""
    watch.hidden = pack_intervals(hidden)
    measure(watch, duration_ms)


def measure(watch: Watch, duration_ms: int) -> None:
    """Write down how much is covered and required."""
    coverage = measure_coverage(unpack_intervals(watch.intervals), media_of(watch, duration_ms))
    watch.covered_ms = coverage.covered
    watch.required_ms = coverage.required


def close_watching(
    person_id: str, recording_id: str, media_version: int, moments: dict[str, int]
) -> None:
    """Close play sessions of one viewer and recording, each as of its moment (ms)."""
    watch = lock_watch(person_id, recording_id, media_version)
    if watch is None:
        return
    rows = list_open_sessions(watch)
    state = read_state(watch, rows)
    for play_id, moment in sorted(moments.items(), key=lambda item: item[1]):
        state = decide_close(state, play_id, moment).state
    write_state(watch, rows, state)
