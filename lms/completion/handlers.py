"""What others did that may complete a person, judged in the same transaction."""

from collections.abc import Callable
from typing import Any

from lms.completion.operations import clone_rule, ensure_rule, judge_edition, judge_people
from lms.completion.rules import Correction
from lms.courses.events import EditionPublished
from lms.enrolment.events import EnrolmentConfirmed
from lms.records.events import LessonRead
from lms.rights.events import RecordingPublished
from lms.sessions.events import (
    AttendanceChanged,
    AttendanceReconciled,
    EditionCloned,
    LiveSessionCancelled,
    LiveSessionGroupsChanged,
    SeminarGroupsChanged,
)
from lms.sessions.queries import find_live_session
from lms.watching.events import CoverageChanged


def judge_person_again(event: Any) -> None:
    """Judge the one person of an event.

    `CoverageChanged` comes only when a multiple of 50 permille was passed, at completion and
    at the end of a play session, so that a watch report stays cheap: a requirement asks for a
    multiple of 50.
    """
    judge_people([event.person_id], event.edition_id, type(event).__name__, at=event.at)


def judge_corrected_person(event: AttendanceChanged) -> None:
    """Judge a person whose attendance changed: what was earned may be in question."""
    judge_people(
        [event.person_id],
        event.edition_id,
        "attendance_changed",
        at=event.at,
        correction=Correction(live_session_id=event.live_session_id),
    )


def judge_reconciled_people(event: AttendanceReconciled) -> None:
    """Judge everyone whose attendance a report, a match or the rule of the edition changed.

    A rule made stricter corrects nothing: what was earned is not put in question by it.
    """
    judge_people(
        event.person_ids,
        event.edition_id,
        "attendance_changed",
        at=event.at,
        correction=None if event.by_rule else Correction(live_session_id=event.live_session_id),
    )


def judge_edition_again(event: RecordingPublished) -> None:
    """Judge everyone of an edition: what they watched may stand for a part now."""
    judge_edition(event.edition_id, "recording_published", at=event.at)


def judge_without_session(event: LiveSessionCancelled) -> None:
    """Judge everyone of an edition of which a session is cancelled, perhaps after the fact."""
    session = find_live_session(event.live_session_id)
    judge_edition(
        event.edition_id,
        "session_cancelled",
        at=event.at,
        correction=Correction(
            live_session_id=event.live_session_id,
            is_cancelled=True,
            part_id=session.part_id if session is not None else None,
        ),
    )


def judge_moved_people(event: SeminarGroupsChanged) -> None:
    """Judge people who are in another seminar group: a share of sessions is one of others now."""
    judge_people(event.person_ids, event.edition_id, "groups_changed", at=event.at)


def judge_other_audience(event: LiveSessionGroupsChanged) -> None:
    """Judge everyone of an edition of which a session is for others now."""
    judge_edition(event.edition_id, "groups_changed", at=event.at)


def set_usual_rule(event: EditionPublished) -> None:
    """See that a published edition can be completed."""
    ensure_rule(event.edition_id, at=event.at)


def take_rule_along(event: EditionCloned) -> None:
    """Give an edition that is run again the rule of the one before."""
    clone_rule(
        event.source_id,
        event.edition_id,
        {**event.part_ids, **event.lesson_ids, **event.live_session_ids},
        shift=event.shift,
        at=event.at,
    )


HANDLERS: dict[type, tuple[Callable[[Any], None], ...]] = {
    EditionPublished: (set_usual_rule,),
    AttendanceChanged: (judge_corrected_person,),
    AttendanceReconciled: (judge_reconciled_people,),
    CoverageChanged: (judge_person_again,),
    LessonRead: (judge_person_again,),
    EnrolmentConfirmed: (judge_person_again,),
    RecordingPublished: (judge_edition_again,),
    LiveSessionCancelled: (judge_without_session,),
    SeminarGroupsChanged: (judge_moved_people,),
    LiveSessionGroupsChanged: (judge_other_audience,),
    EditionCloned: (take_rule_along,),
}
