"""Exceptions from publication for one person: asked by one, approved by another (R15)."""

from dataclasses import dataclass
from datetime import date, datetime

from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.infra.events import raise_event
from lms.kernel.actor import Actor
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.kernel.ids import EditionId, PersonId, RecordingId
from lms.people.queries import find_person, is_id
from lms.recordings.models import Recording
from lms.rights.errors import RightsRefusedError
from lms.rights.events import OverrideApproved, OverrideAsked
from lms.rights.models import Override
from lms.rights.operations.opening import open_recording
from lms.rights.operations.play_sessions import end_leases
from lms.rights.policy import require_rights_desk
from lms.rights.queries import day_end, day_start
from lms.rights.rules import Action

LONGEST_DAYS = 366
"""An exception is for a time: nobody remembers one that was given years ago."""

_NOT_PASSED = frozenset({Action.PREVIEW, Action.EVIDENCE_REVIEW})


@dataclass(frozen=True, slots=True)
class OverrideDetails:
    """For whom, for which uses, from which to which day in Japan, and why."""

    person_id: str
    actions: tuple[str, ...]
    first_on: date
    last_on: date
    reason: str


def request_override(
    actor: Actor, recording_id: str, details: OverrideDetails, at: datetime
) -> Override:
    """Ask for an exception; nothing is passed over until somebody else approves it.

    Raises InvalidInputError (person, actions, last_on, reason).
    """
    recording = open_recording(recording_id)
    require_rights_desk(actor, recording)
    if find_person(details.person_id) is None:
        raise InvalidInputError("person", "override_person_unknown")
    allowed = {action.value for action in Action if action not in _NOT_PASSED}
    if not details.actions or not allowed.issuperset(details.actions):
        raise InvalidInputError("actions", "override_actions_missing")
    if details.last_on < details.first_on:
        raise InvalidInputError("last_on", "last_before_first")
    if day_end(details.last_on) <= at:
        raise InvalidInputError("last_on", "override_past")
    if (details.last_on - details.first_on).days >= LONGEST_DAYS:
        raise InvalidInputError("last_on", "override_too_long")
    if not details.reason.strip():
        raise InvalidInputError("reason", "reason_missing")
    override = Override(
        recording_id=recording.id,
        person_id=details.person_id,
        actions=sorted(set(details.actions)),
        from_at=day_start(details.first_on),
        until_at=day_end(details.last_on),
        reason=details.reason.strip(),
        requested_by=actor.person_id or "",
        requested_at=at,
    )
    db.session.add(override)
    db.session.flush()
    _record(actor, "rights.override_asked", override, at)
    raise_event(OverrideAsked(override.id, *_place(recording), at))
    return override


def approve_override(actor: Actor, override_id: str, at: datetime, *, number: str = "") -> Override:
    """Approve an exception that somebody else asked for; `number` is the decision's (決裁番号).

    Neither who asked nor whom it is for may approve. Raises RightsRefusedError (not_waiting,
    own_override, override_over).
    """
    override, recording = _waiting(actor, override_id)
    if actor.person_id is None or actor.person_id in (override.requested_by, override.person_id):
        raise RightsRefusedError("own_override")
    if override.until_at <= at:
        raise RightsRefusedError("override_over")
    override.approved_by = actor.person_id
    override.approved_at = at
    override.number = number.strip()[:60]
    _record(actor, "rights.override_approved", override, at)
    raise_event(OverrideApproved(override.id, *_place(recording), PersonId(override.person_id), at))
    return override


def refuse_override(actor: Actor, override_id: str, at: datetime) -> Override:
    """Refuse an exception that waits, or take one's own request back.

    Raises RightsRefusedError (not_waiting).
    """
    override, _recording = _waiting(actor, override_id)
    override.refused_at = at
    _record(actor, "rights.override_refused", override, at)
    return override


def end_override(actor: Actor, override_id: str, at: datetime) -> Override:
    """End an approved exception at once; a play that runs under it ends at its next report.

    Raises RightsRefusedError (override_over).
    """
    override, recording = _open(actor, override_id)
    if override.approved_at is None or override.ended_at is not None or override.until_at <= at:
        raise RightsRefusedError("override_over")
    override.ended_at = at
    end_leases(recording.id, at)
    _record(actor, "rights.override_ended", override, at)
    return override


def _waiting(actor: Actor, override_id: str) -> tuple[Override, Recording]:
    override, recording = _open(actor, override_id)
    if override.approved_at is not None or override.refused_at is not None:
        raise RightsRefusedError("not_waiting")
    return override, recording


def _open(actor: Actor, override_id: str) -> tuple[Override, Recording]:
    """Return an exception, locked, with its recording. Raises NotFoundError."""
    override: Override | None = lock_row(Override, override_id) if is_id(override_id) else None
    if override is None:
        raise NotFoundError
    recording = open_recording(override.recording_id)
    require_rights_desk(actor, recording)
    return override, recording


def _place(recording: Recording) -> tuple[RecordingId, EditionId]:
    return RecordingId(recording.id), EditionId(recording.edition_id)


def _record(actor: Actor, act: str, override: Override, at: datetime) -> None:
    record_act(
        actor, act, "recording", override.recording_id, at=at,
        override=override.id, person=override.person_id, actions=list(override.actions),
    )  # fmt: skip
