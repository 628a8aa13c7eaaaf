"""What happened to enrolments."""

from dataclasses import dataclass
from datetime import datetime

from lms.kernel.ids import EditionId, EnrolmentId, PersonId


@dataclass(frozen=True, slots=True)
class EnrolmentApplied:
    """An application was received and waits to be decided on."""

    enrolment_id: EnrolmentId
    edition_id: EditionId
    person_id: PersonId
    at: datetime


@dataclass(frozen=True, slots=True)
class EnrolmentConfirmed:
    """A person holds a seat; `promoted` from the waiting list."""

    enrolment_id: EnrolmentId
    edition_id: EditionId
    person_id: PersonId
    at: datetime
    promoted: bool = False


@dataclass(frozen=True, slots=True)
class EnrolmentWaitlisted:
    """A person is on the waiting list."""

    enrolment_id: EnrolmentId
    edition_id: EditionId
    person_id: PersonId
    at: datetime


@dataclass(frozen=True, slots=True)
class EnrolmentDeclined:
    """An organiser declined an application."""

    enrolment_id: EnrolmentId
    edition_id: EditionId
    person_id: PersonId
    at: datetime


@dataclass(frozen=True, slots=True)
class EnrolmentWithdrawn:
    """A person withdrew, or (`by_staff`) was taken off the list."""

    enrolment_id: EnrolmentId
    edition_id: EditionId
    person_id: PersonId
    at: datetime
    by_staff: bool = False


@dataclass(frozen=True, slots=True)
class EnrolmentCancelled:
    """The edition will not take place, so this enrolment ended."""

    enrolment_id: EnrolmentId
    edition_id: EditionId
    person_id: PersonId
    at: datetime
