"""Starting to play."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from lms.infra.audit import record_act
from lms.infra.db import db
from lms.kernel.actor import Actor
from lms.kernel.clock import to_ms
from lms.kernel.errors import NotFoundError
from lms.recordings.models import MediaKind, Recording
from lms.recordings.queries import get_recording
from lms.rights.models import PlaySession
from lms.rights.operations.play_sessions import start_play
from lms.rights.rules import Action
from lms.watching.errors import PlayRefusedError
from lms.watching.models import Watch
from lms.watching.operations.states import close_watching, read_state, set_hidden, write_state
from lms.watching.queries import (
    Covered,
    Viewing,
    covered_of,
    decide_for,
    list_open_sessions,
    list_tracks,
    lock_watch,
    reference_lengths,
)
from lms.watching.rules import IDLE_AFTER, Cut, Track, cut_segments, decide_open

#: What is played here; papers are read, and what is held elsewhere is only listed.
PLAYED = frozenset({MediaKind.VIDEO, MediaKind.AUDIO})


@dataclass(frozen=True, slots=True)
class Opened:
    """A play session that has begun; `covered` is None for who is not signed in.

    `ended` says how many others it ended. `tracks` are the renditions, best first; `lengths` are
    those of the segments (ms) that all are cut like, `cut` what of them this viewer gets.
    """

    play: PlaySession
    viewing: Viewing
    recording: Recording
    tracks: list[Track]
    lengths: list[int]
    cut: Cut
    covered: Covered | None
    ended: int


def open_play(actor: Actor, recording_id: str, country: str | None, at: datetime) -> Opened:
    """Decide, and open a play session with its lease.

    Raises NotFoundError (also for a handout, and for what the actor may not know of) and
    PlayRefusedError.
    """
    viewing = decide_for(actor, recording_id, Action.PLAY, at, country=country)
    if not viewing.allowed:
        raise PlayRefusedError(viewing.decision)
    recording = get_recording(recording_id)
    tracks = list_tracks(recording_id, recording.media_version)
    lengths = reference_lengths(tracks)
    if not tracks or recording.kind not in PLAYED:
        raise NotFoundError
    play, ended = start_play(actor, recording, viewing.decision, at, country=country)
    if viewing.action == Action.PREVIEW:
        record_act(actor, "recording.previewed", "recording", recording.id, at=at,
                   play_session=play.id)  # fmt: skip
    _close_all(ended, at)
    cut = cut_segments(lengths, viewing.left_out)
    covered = None
    if actor.person_id is not None:
        watch = _watch(actor.person_id, recording)
        rows = list_open_sessions(watch)
        state = decide_open(read_state(watch, rows), play.id, to_ms(at)).state
        write_state(watch, rows, state)
        set_hidden(watch, cut.hidden, recording.duration_ms or 0)
        covered = covered_of(watch, recording.duration_ms or 0)
    return Opened(play, viewing, recording, tracks, lengths, cut, covered, len(ended))


def _watch(person_id: str, recording: Recording) -> Watch:
    """Return the row of coverage, locked; made where there is none (the person is locked)."""
    watch = lock_watch(person_id, recording.id, recording.media_version)
    if watch is None:
        watch = Watch(
            person_id=person_id, recording_id=recording.id,
            media_version=recording.media_version, intervals=b"", hidden=b"", covered_ms=0,
            required_ms=0, credit=0, last_ms=0, resume_ms=0, resume_moment_ms=0,
        )  # fmt: skip
        db.session.add(watch)
        db.session.flush()
    return watch


def _close_all(ended: Iterable[PlaySession], at: datetime) -> None:
    """Stop the credit of play sessions that were ended; of idle ones as of their idleness."""
    groups: dict[tuple[str, str, int], dict[str, int]] = defaultdict(dict)
    for play in ended:
        if play.person_id is not None:
            key = (play.person_id, play.recording_id, play.media_version)
            groups[key][play.id] = min(to_ms(at), to_ms(play.last_report_at) + IDLE_AFTER)
    for (person_id, recording_id, version), moments in sorted(groups.items()):
        close_watching(person_id, recording_id, version, moments)
