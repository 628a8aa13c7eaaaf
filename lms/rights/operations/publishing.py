"""Publishing within the rights, ending it, taking down."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import select

from lms.infra.audit import record_act
from lms.infra.db import db
from lms.infra.events import raise_event
from lms.infra.site import read_site
from lms.kernel.actor import SYSTEM, Actor
from lms.kernel.clock import from_ms, to_ms
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.kernel.ids import EditionId, RecordingId
from lms.people.queries import is_id, organisation_tree_facts
from lms.recordings.models import MediaKind, Recording, Stage
from lms.recordings.operations import (
    bump_generation,
    cut_makings,
    mark_in_review,
    mark_published,
    request_copy,
)
from lms.rights.errors import RightsRefusedError
from lms.rights.events import RecordingPublished, RecordingTakenDown
from lms.rights.models import Publication, Segment, Takedown
from lms.rights.operations.freezing import facts_at, rewrite_facts
from lms.rights.operations.opening import open_recording
from lms.rights.policy import require_rights_desk
from lms.rights.queries import (
    day_end,
    day_start,
    is_whole,
    open_takedowns,
    wanted_cuts,
)
from lms.rights.queries.adapting import find_makings
from lms.rights.queries.tables import length_of
from lms.rights.rules import (
    Action,
    Reach,
    Scope,
    find_gaps,
    intersect_scopes,
    org_tree_from_json,
    recording_from_json,
    sum_up_rights,
)
from lms.rights.rules.facts import BEGINNING, END

_FILMS: Final = frozenset({MediaKind.VIDEO, MediaKind.AUDIO})


@dataclass(frozen=True, slots=True)
class PublicationDetails:
    """What the federation wants to show: actions, for whom, from and until which day in Japan.

    `reach` None admits only `orgs`; else `orgs` are admitted beyond it.
    """

    actions: tuple[str, ...] = ("play",)
    reach: Reach | None = Reach.OUTSIDE
    orgs: frozenset[str] = frozenset()
    enrolled_only: bool = True
    first_on: date | None = None
    last_on: date | None = None


def wanted_scope(details: PublicationDetails) -> Scope:
    """Return the scope of a publication as it is asked for."""
    first, last = details.first_on, details.last_on
    return Scope(
        actions=frozenset(details.actions),
        reach=details.reach,
        orgs=frozenset() if details.reach is Reach.OUTSIDE else details.orgs,
        enrolled_only=details.enrolled_only,
        opens=BEGINNING if first is None else to_ms(day_start(first)),
        closes=END if last is None else to_ms(day_end(last)),
    )


def publish_recording(
    actor: Actor,
    recording_id: str,
    details: PublicationDetails,
    at: datetime,
    *,
    within_rights: bool = True,
) -> list[Publication]:
    """Publish a recording or handout, in place of what was published before.

    Within the rights, the publication is cut down to what all rightsholders allow now; else it
    stands as asked for, and whoever lies beyond the rights is still refused. Raises
    RightsRefusedError (second_approval where the federation wants two people for it, not_ready,
    taken_down, nobody_allowed with `missing`), InvalidInputError (actions, reach, last_on).
    """
    recording = open_recording(recording_id)
    require_rights_desk(actor, recording)
    if read_site().second_approval and not actor.system:
        raise RightsRefusedError("second_approval")
    return publish_opened(actor, recording, details, at, within_rights=within_rights)


def publish_opened(
    actor: Actor,
    recording: Recording,
    details: PublicationDetails,
    at: datetime,
    *,
    within_rights: bool,
) -> list[Publication]:
    """Publish a recording that is locked, for who was found to look after it."""
    scope = plan_publication(recording, details, at, within_rights=within_rights)
    _end_publications(recording.id, at)
    rows = [
        Publication(
            recording_id=recording.id,
            conditions=conditions,
            from_at=None if scope.opens == BEGINNING else from_ms(scope.opens),
            until_at=None if scope.closes == END else from_ms(scope.closes),
            created_by=actor.person_id,
            created_at=at,
        )
        for conditions in _conditions(scope, recording)
    ]
    db.session.add_all(rows)
    db.session.flush()
    mark_published(SYSTEM, recording.id, at)
    record_act(
        actor, "rights.published", "recording", recording.id, at=at,
        publications=[row.id for row in rows], within_rights=within_rights,
    )  # fmt: skip
    rewrite_facts(recording.id, at)
    _have_copy_made(recording, scope, at)
    raise_event(RecordingPublished(RecordingId(recording.id), EditionId(recording.edition_id), at))
    return rows


def _have_copy_made(recording: Recording, scope: Scope, at: datetime) -> None:
    """Have the file made that may be taken away, where taking it away was published.

    A paper without hidden pages is its own copy. Cuts that a rightsholder rules out are not made.
    """
    if scope.actions is not None and Action.DOWNLOAD not in scope.actions:
        return
    cuts = wanted_cuts(recording.id, at)
    if not cut_makings(cuts, length_of(recording) or 0) <= find_makings(recording.id, at):
        return  # nobody takes it away then (R13); the page of its parts says so
    if recording.kind in _FILMS or (recording.kind == MediaKind.PAPER and cuts):
        request_copy(SYSTEM, recording.id, cuts, at)


def plan_publication(
    recording: Recording, details: PublicationDetails, at: datetime, *, within_rights: bool
) -> Scope:
    """Return what would be published, without writing anything.

    Raises RightsRefusedError (not_ready, taken_down, nobody_allowed with `missing`),
    InvalidInputError (actions, reach, last_on).
    """
    _check(details)
    if recording.stage not in (Stage.REVIEW, Stage.PUBLISHED):
        raise RightsRefusedError("not_ready")
    if _stopping(recording.id, at):
        raise RightsRefusedError("taken_down")
    scope = wanted_scope(details)
    case = facts_at(recording, at)
    if within_rights:
        rights = sum_up_rights(recording_from_json(case), to_ms(at))
        within = scope if rights is None else intersect_scopes(rights, scope)
        # Where nothing is left, what was asked for is judged: its reasons say what is missing.
        scope = scope if within.is_empty else within
    window: dict[str, int] = {}
    if scope.opens != BEGINNING:
        window["from"] = scope.opens
    if scope.closes != END:
        window["until"] = scope.closes
    case["publications"] = [
        {**conditions, "id": f"planned-{place}", "window": window}
        for place, conditions in enumerate(_conditions(scope, recording))
    ]
    orgs = org_tree_from_json(organisation_tree_facts())
    gaps = find_gaps(recording_from_json(case), orgs, recording.edition_id, to_ms(at))
    if gaps:
        raise RightsRefusedError("nobody_allowed", missing=gaps)
    return scope


def end_publication(actor: Actor, recording_id: str, at: datetime) -> Recording:
    """End all that is published of a recording; it waits for review again.

    Raises RightsRefusedError (not_published).
    """
    recording = open_recording(recording_id)
    require_rights_desk(actor, recording)
    if not _end_publications(recording.id, at) and recording.stage != Stage.PUBLISHED:
        raise RightsRefusedError("not_published")
    mark_in_review(SYSTEM, recording.id, at)
    record_act(actor, "rights.publication_ended", "recording", recording.id, at=at)
    rewrite_facts(recording.id, at)
    return recording


def take_down(
    actor: Actor,
    recording_id: str,
    reason: str,
    at: datetime,
    *,
    segment_id: str | None = None,
    actions: Collection[str] = (),
) -> Takedown:
    """Stop a recording, one segment of it, or some actions, for everyone, until it is lifted.

    Staff are stopped too. Every media token handed out so far is worthless. Raises NotFoundError
    (also for a segment of another recording), RightsRefusedError (taken_down) when just that is
    stopped already, InvalidInputError (reason, actions).
    """
    recording = open_recording(recording_id)
    require_rights_desk(actor, recording)
    if not reason.strip():
        raise InvalidInputError("reason", "reason_missing")
    stopped = sorted(set(actions))
    if not {action.value for action in Action}.issuperset(stopped):
        raise InvalidInputError("actions", "choice_unknown")
    if segment_id is not None:
        segment = db.session.get(Segment, segment_id) if is_id(segment_id) else None
        if segment is None or segment.recording_id != recording.id:
            raise NotFoundError
    if any(
        (one.segment_id, sorted(one.actions)) == (segment_id, stopped)
        for one in open_takedowns(recording.id, at)
    ):
        raise RightsRefusedError("taken_down")
    takedown = Takedown(
        recording_id=recording.id,
        from_at=at,
        reason=reason.strip(),
        by_id=actor.person_id,
        segment_id=segment_id,
        actions=stopped,
    )
    db.session.add(takedown)
    db.session.flush()
    bump_generation(SYSTEM, recording.id, at)
    record_act(
        actor, "rights.taken_down", "recording", recording.id, at=at,
        takedown=takedown.id, segment=segment_id, actions=stopped,
    )  # fmt: skip
    rewrite_facts(recording.id, at)
    if is_whole(takedown):
        raise_event(
            RecordingTakenDown(RecordingId(recording.id), EditionId(recording.edition_id), at)
        )
    return takedown


def lift_takedown(
    actor: Actor, recording_id: str, at: datetime, *, takedown_id: str | None = None
) -> Recording:
    """Lift one takedown, or all that stop the whole: what is published and agreed counts again.

    Raises RightsRefusedError (not_taken_down).
    """
    recording = open_recording(recording_id)
    require_rights_desk(actor, recording)
    takedowns = [
        one
        for one in open_takedowns(recording.id, at)
        if (is_whole(one) if takedown_id is None else one.id == takedown_id)
    ]
    if not takedowns:
        raise RightsRefusedError("not_taken_down")
    for takedown in takedowns:
        takedown.until_at = at
    record_act(
        actor, "rights.takedown_lifted", "recording", recording.id, at=at,
        takedowns=[one.id for one in takedowns],
    )  # fmt: skip
    rewrite_facts(recording.id, at)
    return recording


def _check(details: PublicationDetails) -> None:
    if not details.actions:
        raise InvalidInputError("actions", "nothing_published")
    if details.reach is None and not details.orgs:
        raise InvalidInputError("organisations", "organisations_missing")
    first, last = details.first_on, details.last_on
    if first is not None and last is not None and last < first:
        raise InvalidInputError("last_on", "last_before_first")


def _conditions(scope: Scope, recording: Recording) -> Iterable[dict[str, object]]:
    """Give the alternatives of a publication: a step of the ladder, and organisations beyond."""
    common: dict[str, object] = {}
    if scope.actions is not None:
        common["actions"] = sorted(scope.actions)
    if scope.enrolled_only:
        common["enrolled"] = {"course": recording.edition_id}
    if scope.reach is not None:
        yield {**common, "audience": {"reach": scope.reach.name.lower()}}
    if scope.orgs:
        yield {**common, "audience": {"reach": "outside", "orgs": sorted(scope.orgs)}}


def _end_publications(recording_id: str, at: datetime) -> bool:
    rows = db.session.scalars(
        select(Publication).where(
            Publication.recording_id == recording_id, Publication.ended_at.is_(None)
        )
    ).all()
    for row in rows:
        row.ended_at = at
    return bool(rows)


def _stopping(recording_id: str, at: datetime) -> bool:
    return any(is_whole(one) for one in open_takedowns(recording_id, at))
