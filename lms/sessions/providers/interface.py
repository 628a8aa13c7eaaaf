"""What every meeting service offers, and how it fails."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol


class ServiceFault(StrEnum):
    """Why a service did not do what it was asked."""

    UNREACHABLE = "unreachable"  # no connection, or no answer in time
    BUSY = "busy"  # too many requests: it names a pause
    DOWN = "down"  # an answer of the 500s, or one that cannot be understood
    CREDENTIALS = "credentials"  # it does not know us, or not for this
    MISSING = "missing"  # it knows no such meeting
    REFUSED = "refused"  # anything else it does not take


class ServiceUnavailableError(Exception):
    """The service cannot be asked just now. `retry_after`: the pause that it names, or None."""

    def __init__(self, fault: ServiceFault, retry_after: timedelta | None = None):
        super().__init__(fault.value)
        self.fault = fault
        self.retry_after = retry_after


class ServiceRefusedError(Exception):
    """The service was asked and refuses; trying the same again would not help.

    `status` and `code` are the service's own (0: none), for the log; never its texts.
    """

    def __init__(self, fault: ServiceFault, status: int = 0, code: int = 0):
        super().__init__(f"{fault.value} ({status}, {code})")
        self.fault = fault
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class MeetingPlan:
    """What a meeting is to be. Moments are aware; `host` is who holds it there ('': the usual).

    `key` is our own name of the meeting, by which it is found again; `registers`: everyone gets
    a way in of their own.
    """

    key: str
    title: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    host: str = ""
    is_recorded: bool = False
    registers: bool = True


@dataclass(frozen=True, slots=True)
class HeldMeeting:
    """A meeting that a service holds: its number or name there, its plain way in."""

    id: str
    join_url: str
    passcode: str = ""


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who takes part. `name` as it shows in the meeting; `moderates`: leads it."""

    id: str
    name: str
    address: str = ""
    language: str = "ja"
    moderates: bool = False


@dataclass(frozen=True, slots=True)
class Registration:
    """How a service knows a guest (`id`), and the guest's own way in, which is a secret."""

    id: str
    join_url: str


class MeetingService(Protocol):
    """A meeting service. Every method may raise the two errors of this module."""

    name: str

    def create_meeting(self, plan: MeetingPlan) -> HeldMeeting:
        """Make a meeting."""
        ...

    def find_meeting(self, plan: MeetingPlan) -> HeldMeeting | None:
        """Return the meeting that was made for this plan's key before, as far as it is known.

        Asked before making one: a worker may have died between the service's answer and writing
        it down. None where the service has no such search, or needs none.
        """
        ...

    def update_meeting(self, meeting_id: str, plan: MeetingPlan) -> None:
        """Change a meeting to what the plan says; its way in stays."""
        ...

    def delete_meeting(self, meeting_id: str) -> None:
        """Take a meeting away; one that is gone already is no error."""
        ...

    def register(self, meeting_id: str, guest: Guest) -> Registration | None:
        """Give a guest a way in of their own; None where the service has no such thing."""
        ...

    def cancel_registration(self, meeting_id: str, registrant_id: str, address: str) -> None:
        """Take a guest's own way in back."""
        ...

    def personal_url(
        self, meeting_id: str, guest: Guest, *, opens_at: datetime, closes_at: datetime
    ) -> str:
        """Return a way in made at the press, for this guest and this while; '' for none."""
        ...

    def fetch_attendance(self, meeting_id: str, title: str) -> bytes | None:
        """Return who came, over every occurrence and page; None where it does not tell.

        A file that `read_report` reads (times in UTC), to be imported as one by hand.
        """
        ...
