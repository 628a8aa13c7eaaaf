"""What live sessions do when courses and enrolments change."""

from lms.courses.events import EditionCancelled, EditionDrafted
from lms.enrolment.events import EnrolmentWithdrawn
from lms.kernel.actor import SYSTEM, Actor
from lms.sessions.operations import SessionPlan, cancel_sessions_of, schedule_drafted_session
from lms.sessions.operations.groups import leave_groups


def schedule_the_meeting(event: EditionDrafted) -> None:
    """Make the live session of a meeting that was set up with its edition."""
    schedule_drafted_session(
        event.edition_id,
        SessionPlan(
            title=event.title,
            starts_local=event.starts_local,
            ends_local=event.ends_local,
            timezone=event.timezone,
            part_id=event.part_id,
            venue_name=event.venue_name,
            web_url=event.web_url,
        ),
        actor=Actor(person_id=event.by_id) if event.by_id is not None else SYSTEM,
        at=event.at,
    )


def cancel_what_is_to_come(event: EditionCancelled) -> None:
    """Cancel the sessions of an edition that will not take place."""
    cancel_sessions_of(event.edition_id, actor=SYSTEM, at=event.at)


def free_place_in_group(event: EnrolmentWithdrawn) -> None:
    """Let somebody else have the place in the seminar group of who gave up the seat."""
    leave_groups(event.enrolment_id)


HANDLERS = {
    EnrolmentWithdrawn: (free_place_in_group,),
    EditionDrafted: (schedule_the_meeting,),
    EditionCancelled: (cancel_what_is_to_come,),
}
