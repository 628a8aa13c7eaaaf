"""Recordings and handouts as pages list them: what they are, whether one may, how far one is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lms.completion.queries import EditionProgress, PersonEvidence, Progress
from lms.enrolment.models import Enrolment, EnrolmentState
from lms.enrolment.rules import RIGHTS_STATUS
from lms.kernel.actor import Actor
from lms.recordings.models import MediaKind, Recording
from lms.recordings.queries import list_new_versions
from lms.recordings.rules import host_of
from lms.rights.queries import (
    Known,
    ViewerFacts,
    decide_known,
    known_until,
    list_known,
    listing_viewer,
    viewer_facts,
)
from lms.rights.rules import Decision
from lms.rights.rules.facts import ACCEPTED
from lms.sessions.queries import SessionCard

_FINISHED = 990  # thousandths: nothing worth going on with
_VERSION_IS_NEW = timedelta(days=14)
_LATEST = 12  # of what was begun, enough to find some that may be seen


@dataclass(frozen=True, slots=True)
class MediaLine:
    """A recording or handout in a list; `permille` watched, `resume_ms` where to go on.

    `until` is when what is allowed now ends; `new_version` the number of one that came lately.
    """

    recording: Recording
    decision: Decision
    permille: int = 0
    resume_ms: int = 0
    last_seen_ms: int = 0
    until: datetime | None = None
    new_version: int | None = None

    @property
    def allowed(self) -> bool:
        """Whether it may be seen now."""
        return self.decision.allowed

    @property
    def last_minute(self) -> datetime | None:
        """The last minute in which it may be seen: "until 31 December 23:59", not midnight."""
        return None if self.until is None else self.until - timedelta(minutes=1)

    @property
    def is_video(self) -> bool:
        """Whether it is played here (else a handout, or something held elsewhere)."""
        return self.recording.kind in {MediaKind.VIDEO, MediaKind.AUDIO}

    @property
    def host(self) -> str:
        """Where it is held, for what is only listed here; else nothing."""
        return host_of(self.recording.source_url) if self.recording.source_url else ""


@dataclass(frozen=True, slots=True)
class CourseMedia:
    """What a course holds, and how the viewer stands to it."""

    lines: tuple[MediaLine, ...] = ()
    progress: EditionProgress | None = None

    def of_part(self, part_id: str | None) -> tuple[MediaLine, ...]:
        """Return what belongs to a part (None: to the course as a whole)."""
        return tuple(line for line in self.lines if line.recording.part_id == part_id)


def enrolment_cases(enrolments: Iterable[Enrolment]) -> list[dict[str, str]]:
    """Return enrolments as the rights decision reads them."""
    return [
        {"course": one.edition_id, "status": RIGHTS_STATUS[EnrolmentState(one.state)]}
        for one in enrolments
    ]


def list_media(
    viewer: ViewerFacts, edition_ids: Iterable[str], progress: Progress | None, at: datetime
) -> list[MediaLine]:
    """Return the published recordings and handouts of editions, in one query.

    A second where files were replaced.

    The decision in a list is about this moment; page and keys decide again with all facts.
    """
    evidence = progress.evidence if progress is not None else None
    return _lines(viewer, list_known(list(edition_ids)), evidence, at)


def _lines(
    viewer: ViewerFacts,
    held: Sequence[tuple[Recording, Known]],
    evidence: PersonEvidence | None,
    at: datetime,
) -> list[MediaLine]:
    versions = list_new_versions(recording for recording, _known in held)
    lately = {
        key: version.media_version
        for key, version in versions.items()
        if at - version.at < _VERSION_IS_NEW
    }
    return [
        replace(_line(viewer, recording, known, evidence, at), new_version=lately.get(recording.id))
        for recording, known in held
    ]


def media_of_session(actor: Actor, card: SessionCard, at: datetime) -> tuple[MediaLine, ...]:
    """Return the published recordings, handouts and links of a live session.

    Who is neither enrolled nor staff is shown what they may see now and nothing else.
    """
    held = [one for one in list_known([card.edition_id]) if one[0].live_session_id == card.id]
    if not held:  # before most sessions, when everybody opens the page
        return ()
    viewer = viewer_facts(actor, at)
    lines = _lines(viewer, held, None, at)
    enrolled = any(
        one.course == card.edition_id and one.status in ACCEPTED for one in viewer.viewer.enrolments
    )
    if not enrolled and not actor.is_staff:
        lines = [line for line in lines if line.allowed]
    return tuple(lines)


def _line(
    viewer: ViewerFacts,
    recording: Recording,
    known: Known,
    evidence: PersonEvidence | None,
    at: datetime,
) -> MediaLine:
    action = "display" if recording.kind == MediaKind.PAPER else "play"
    key = recording.id
    decision = decide_known(viewer, known, action, at)
    return MediaLine(
        recording,
        decision,
        evidence.coverage.get(key, 0) if evidence else 0,
        evidence.resume_ms.get(key, 0) if evidence else 0,
        evidence.last_seen_ms.get(key, 0) if evidence else 0,
        known_until(viewer, known, action, at) if decision.allowed else None,
    )


def media_to_watch(
    viewer: ViewerFacts, edition_ids: Iterable[str], progress: Progress, at: datetime, limit: int
) -> tuple[tuple[MediaLine, ...], tuple[MediaLine, ...]]:
    """Return the recordings to go on with, the last one first, and, if none, those to begin with.

    What may be seen now stands before what may not; what was not begun and may not be seen is
    left out. Decided one after another until there are enough. One query; a second for who has
    begun many of which few may be seen.
    """
    evidence, editions = progress.evidence, list(edition_ids)
    seen = evidence.last_seen_ms
    begun = sorted(
        (key for key, share in evidence.coverage.items() if 0 < share < _FINISHED),
        key=lambda key: -seen.get(key, 0),
    )
    allowed: list[MediaLine] = []
    barred: list[MediaLine] = []
    for keys in (begun[:_LATEST], begun[_LATEST:]):
        if not keys or len(allowed) == limit:
            continue
        for recording, known in sorted(
            list_known(editions, kind=MediaKind.VIDEO, among=keys),
            key=lambda pair: -seen.get(pair[0].id, 0),
        ):
            line = _line(viewer, recording, known, evidence, at)
            (allowed if line.allowed else barred).append(line)
            if len(allowed) == limit:
                break
    if allowed or barred:
        return tuple([*allowed, *barred][:limit]), ()
    videos = list_known(editions, kind=MediaKind.VIDEO)
    for recording, known in videos:
        if len(allowed) == limit:
            break
        if not evidence.coverage.get(recording.id, 0):
            line = _line(viewer, recording, known, evidence, at)
            if line.allowed:
                allowed.append(line)
    return (), tuple(allowed)


def media_of_edition(
    actor: Actor,
    edition_id: str,
    own: Enrolment | None,
    progress: Progress | None,
    *,
    at: datetime,
) -> CourseMedia:
    """Return what a course holds for one viewer, in one query.

    Somebody who is neither enrolled nor staff is shown what they may see now and nothing else.
    """
    attended = progress.evidence.attended if progress is not None else {}
    viewer = listing_viewer(actor, enrolment_cases([own] if own is not None else []), attended)
    lines = list_media(viewer, [edition_id], progress, at)
    enrolled = own is not None and own.state == EnrolmentState.ENROLLED
    if not enrolled and not actor.is_staff:
        lines = [line for line in lines if line.allowed]
    editions = progress.editions if progress is not None else {}
    return CourseMedia(
        tuple(lines),
        next((one for key, one in editions.items() if key == edition_id), None),
    )
