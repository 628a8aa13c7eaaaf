"""What happened to requests for study meetings."""

from dataclasses import dataclass
from datetime import datetime

from lms.kernel.ids import EditionId


@dataclass(frozen=True, slots=True)
class MeetingRequested:
    """A union or a regional block asked for a study meeting."""

    meeting_request_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class MeetingRequestChanged:
    """Those who asked changed what they ask for; `by_staff` when the office entered it."""

    meeting_request_id: str
    by_staff: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class MeetingRequestWithdrawn:
    """The request was taken back; `by_staff` when the office noted it."""

    meeting_request_id: str
    by_staff: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class MeetingRequestMessageWritten:
    """Somebody wrote to the other side; it is kept with the request."""

    meeting_request_id: str
    entry_id: str
    by_staff: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class MeetingRequestTakenUp:
    """The office said that it is in talks about the request."""

    meeting_request_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class MeetingRequestAccepted:
    """The meeting will be held: an edition was drafted from the request."""

    meeting_request_id: str
    edition_id: EditionId
    at: datetime


@dataclass(frozen=True, slots=True)
class MeetingRequestDeclined:
    """The meeting will not be held; the reason is kept with the request."""

    meeting_request_id: str
    at: datetime
