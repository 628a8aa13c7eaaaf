"""What others did that may complete a person, judged in the same transaction."""

from collections.abc import Callable
from typing import Any

from lms.completion.operations import judge_edition, judge_people
from lms.enrolment.events import EnrolmentConfirmed
from lms.records.events import LessonRead
from lms.rights.events import RecordingPublished
from lms.sessions.events import AttendanceChanged, LiveSessionCancelled
from lms.watching.events import CoverageChanged


def judge_person_again(event: Any) -> None:
    """Judge the one person of an event."""
    judge_people([event.person_id], event.edition_id, type(event).__name__, at=event.at)


def judge_edition_again(event: Any) -> None:
    """Judge everyone of an edition whose sessions or recordings changed."""
    judge_edition(event.edition_id, type(event).__name__, at=event.at)


HANDLERS: dict[type, tuple[Callable[[Any], None], ...]] = {
    AttendanceChanged: (judge_person_again,),
    CoverageChanged: (judge_person_again,),
    LessonRead: (judge_person_again,),
    EnrolmentConfirmed: (judge_person_again,),
    RecordingPublished: (judge_edition_again,),
    LiveSessionCancelled: (judge_edition_again,),
}
