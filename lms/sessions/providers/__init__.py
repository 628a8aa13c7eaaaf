"""Meeting services behind one small interface. A plain address works without any of them.

A service is a `MeetingService`. It is asked by jobs and at the edge, never inside a write
transaction; what it answers is written down afterwards. Two ways of failing are told apart:
`ServiceUnavailableError` (try again later, perhaps after the pause that it names) and
`ServiceRefusedError` (trying again would not help). Whatever fails, people come in by the plain
address.

    service = find_service(name, settings)      # None: not set up here, or a plain address
    meeting = service.create_meeting(plan)      # -> HeldMeeting
    service.update_meeting(meeting_id, plan)
    service.delete_meeting(meeting_id)
    service.register(meeting_id, guest)         # -> Registration, or None where there is none
    service.cancel_registration(meeting_id, registrant_id, address)
    service.personal_url(meeting_id, guest, opens_at=..., closes_at=...)  # made at the press
    service.fetch_attendance(meeting_id, title) # -> a file, every occurrence and page
"""

from lms.config import Settings
from lms.sessions.providers.interface import (
    Guest,
    HeldMeeting,
    MeetingPlan,
    MeetingService,
    Registration,
    ServiceFault,
    ServiceRefusedError,
    ServiceUnavailableError,
)
from lms.sessions.providers.jitsi import Jitsi
from lms.sessions.providers.zoom import Zoom, report_from_zoom, zoom_report_file

__all__ = [
    "Guest",
    "HeldMeeting",
    "Jitsi",
    "MeetingPlan",
    "MeetingService",
    "Registration",
    "ServiceFault",
    "ServiceRefusedError",
    "ServiceUnavailableError",
    "Zoom",
    "find_service",
    "list_services",
    "report_from_zoom",
    "zoom_report_file",
]


def list_services(settings: Settings) -> tuple[str, ...]:
    """Return the names of the services that are set up here, in the order shown."""
    found = {"zoom": settings.zoom, "jitsi": settings.jitsi}
    return tuple(name for name, given in found.items() if given is not None)


def find_service(name: str, settings: Settings) -> MeetingService | None:
    """Return a service by its name, or None: a plain address, or not set up here."""
    if name == "zoom" and settings.zoom is not None:
        return Zoom(settings.zoom)
    if name == "jitsi" and settings.jitsi is not None:
        return Jitsi(settings.jitsi)
    return None
