"""What a player reports while somebody watches, and what it is told."""

from dataclasses import dataclass
from datetime import datetime

from lms.infra.events import raise_event
from lms.kernel.actor import ANONYMOUS, Actor
from lms.kernel.clock import to_ms
from lms.kernel.errors import NotFoundError
from lms.kernel.ids import EditionId, PersonId, RecordingId
from lms.people.queries import find_actor, find_person
from lms.rights.models import PlaySession
from lms.rights.operations.freezing import log_refusal
from lms.rights.operations.play_sessions import end_play, renew_lease
from lms.rights.queries import viewer_facts
from lms.rights.rules import Action, Decision
from lms.watching.errors import WatchResult
from lms.watching.events import CoverageChanged
from lms.watching.models import Watch
from lms.watching.operations.states import measure, media_of, read_state, write_state
from lms.watching.policy import may_still_act, require_own_play
from lms.watching.queries import (
    Covered,
    Viewing,
    WatchedPlay,
    covered_of,
    decide_viewing,
    find_play,
    lock_watched_play,
    permille,
)
from lms.watching.rules import (
    WatchReport,
    decide_close,
    decide_report,
    hides_more,
    is_lease_due,
    unpack_intervals,
)

#: Coverage is told to the rest of the product when it passes one of these shares (permille), on
#: completion, and when a play session ends: judging a completion anew costs reads, and a report
#: comes every 30 seconds from everyone who watches.
_TOLD_AT = (500, 600, 700, 750, 800, 850, 900, 950, 1000)


@dataclass(frozen=True, slots=True)
class Reported:
    """The answer to a report: the result, the lease, and whether to stop.

    `stop` is a decision that does not allow it any more, or `why_stopped` says what ended the
    play session. `covered` is None for who is not signed in.
    """

    result: WatchResult
    lease_until: datetime
    covered: Covered | None = None
    stop: Decision | None = None
    why_stopped: str = ""


def report_watch(
    actor: Actor,
    epoch: int | None,
    play_id: str,
    report: WatchReport,
    at: datetime,
    *,
    closing: bool = False,
) -> Reported:
    """Take a report and renew the lease when it is due; `closing`: the viewer leaves with it.

    `actor` needs no more than the person's id; `epoch` is that of the browser's sign-in. Raises
    NotFoundError for a play session that is unknown or somebody else's.
    """
    found = lock_watched_play(play_id)
    if found is None:
        return _report_unwatched(actor, play_id, at, closing=closing)
    require_own_play(actor, found.play)
    if epoch is None or not may_still_act(found.person, epoch):
        raise NotFoundError
    play, recording = found.play, found.recording
    if recording.media_version != play.media_version:
        end_play(play, "replaced", at)
        _close(found, at)
        return _answer(found, WatchResult.SESSION_CLOSED, why_stopped="replaced")
    before = covered_of(found.watch, recording.duration_ms or 0)
    result = _take(found, report, at)
    if play.closed_at is not None:
        _tell(found, before, at, closing=False)
        return _answer(found, result, why_stopped=play.closed_why or "ended")
    if closing:
        end_play(play, "ended", at)
        play.last_report_at = max(play.last_report_at, at)
        _close(found, at)
        _tell(found, before, at, closing=True)
        return _answer(found, result)
    due = is_lease_due(
        to_ms(play.lease_until),
        None if found.facts_written_at is None else to_ms(found.facts_written_at),
        to_ms(play.last_report_at),
        to_ms(at),
    )
    stop, why = None, ""
    if due or recording.generation != play.generation:
        stop, why = _renew(found, at)
    play.last_report_at = max(play.last_report_at, at)
    _tell(found, before, at, closing=bool(why))
    return _answer(found, result, stop=stop, why_stopped=why)


def end_watch(actor: Actor, play_id: str, at: datetime) -> None:
    """Close a play session: the viewer left. Raises NotFoundError; closing again does nothing."""
    found = lock_watched_play(play_id)
    if found is None:
        play = find_play(play_id)
        if play is None:
            raise NotFoundError
        require_own_play(actor, play)
        end_play(play, "ended", at)
        return
    require_own_play(actor, found.play)
    end_play(found.play, "ended", at)
    before = covered_of(found.watch, found.recording.duration_ms or 0)
    _close(found, at)
    _tell(found, before, at, closing=True)


def _take(found: WatchedPlay, report: WatchReport, at: datetime) -> WatchResult:
    duration = found.recording.duration_ms or 0
    state = read_state(found.watch, found.sessions)
    media = media_of(found.watch, duration)
    state, result = decide_report(state, media, found.play.id, report, to_ms(at))
    write_state(found.watch, found.sessions, state)
    if result is WatchResult.OK:
        measure(found.watch, duration)
    return result


def _renew(found: WatchedPlay, at: datetime) -> tuple[Decision | None, str]:
    """Decide anew; return the refusal, and why the play session was closed ("" if it goes on).

    Where more is hidden than when it began, it ends too: what the player holds still shows it.
    """
    play = found.play
    viewing = decide_again(play, at)
    if viewing.allowed and found.recording.generation == play.generation:
        if not hides_more(unpack_intervals(found.watch.hidden), viewing.left_out):
            renew_lease(play, viewing.decision)
            return None, ""
        end_play(play, "changed", at)
        _close(found, at)
        return None, "changed"
    end_play(play, "refused", at)
    _close(found, at)
    if not viewing.allowed:
        code = viewing.decision.code.value
        log_refusal(Actor(play_person(play)), play.recording_id, viewing.action, code, at)
    return viewing.decision, "refused"


def play_person(play: PlaySession) -> PersonId | None:
    """Return whose play session it is."""
    return None if play.person_id is None else PersonId(play.person_id)


def decide_again(play: PlaySession, at: datetime) -> Viewing:
    """Decide about a play that goes on.

    The count of views is the key's business: a view that was let in is not ended by its number.
    Roles matter for a preview only, so they are read only when playing is refused.
    """
    actor = Actor(play_person(play)) if play.person_id else ANONYMOUS
    viewing = decide_viewing(
        viewer_facts(actor, at), play.recording_id, Action.PLAY, at, country=play.country,
        session_started=to_ms(play.started_at), views_used=0, view_open=True,
    )  # fmt: skip
    if viewing.allowed or play.person_id is None:
        return viewing
    known = _actor(play, at)
    if not known.roles:
        return viewing
    return decide_viewing(
        viewer_facts(known, at), play.recording_id, Action.PLAY, at, country=play.country,
        session_started=to_ms(play.started_at), views_used=0, view_open=True,
    )  # fmt: skip


def _actor(play: PlaySession, at: datetime) -> Actor:
    person = find_person(play.person_id or "")
    found = find_actor(person.id, person.session_epoch, at) if person is not None else None
    return found or ANONYMOUS


def _report_unwatched(actor: Actor, play_id: str, at: datetime, *, closing: bool) -> Reported:
    """Take a report of somebody without an account: nothing is counted, the lease goes on."""
    play = find_play(play_id)
    if play is None or play.person_id is not None:
        raise NotFoundError
    require_own_play(actor, play)
    if play.closed_at is not None:
        return Reported(
            WatchResult.SESSION_CLOSED, play.lease_until, why_stopped=play.closed_why or "ended"
        )
    play.last_report_at = max(play.last_report_at, at)
    if closing:
        end_play(play, "ended", at)
        return Reported(WatchResult.OK, play.lease_until)
    viewing = decide_again(play, at)
    if not viewing.allowed:
        end_play(play, "refused", at)
        log_refusal(ANONYMOUS, play.recording_id, viewing.action, viewing.decision.code.value, at)
        return Reported(WatchResult.OK, play.lease_until, stop=viewing.decision)
    renew_lease(play, viewing.decision)
    return Reported(WatchResult.OK, play.lease_until)


def _close(found: WatchedPlay, at: datetime) -> None:
    state = read_state(found.watch, found.sessions)
    state = decide_close(state, found.play.id, to_ms(at)).state
    write_state(found.watch, found.sessions, state)


def _tell(found: WatchedPlay, before: Covered, at: datetime, *, closing: bool) -> None:
    watch: Watch = found.watch
    now = permille(watch.covered_ms, watch.required_ms)
    completed = watch.completed_ms is not None and before.completed_ms is None
    passed = any(before.permille < share <= now for share in _TOLD_AT)
    if completed or passed or closing:
        raise_event(
            CoverageChanged(
                RecordingId(watch.recording_id),
                EditionId(found.recording.edition_id),
                PersonId(watch.person_id),
                at,
                completed=watch.completed_ms is not None,
            )
        )


def _answer(
    found: WatchedPlay, result: WatchResult, *, stop: Decision | None = None, why_stopped: str = ""
) -> Reported:
    covered = covered_of(found.watch, found.recording.duration_ms or 0)
    return Reported(result, found.play.lease_until, covered, stop, why_stopped)
