"""What happened to live sessions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from lms.kernel.ids import EditionId, LiveSessionId, PersonId


@dataclass(frozen=True, slots=True)
class LiveSessionScheduled:
    """A session was added to an edition that people know of already.

    `among_others`: it is one of several, and `LiveSessionsScheduled` tells of all of them.
    """

    live_session_id: LiveSessionId
    edition_id: EditionId
    at: datetime
    among_others: bool = False


@dataclass(frozen=True, slots=True)
class LiveSessionsScheduled:
    """Several sessions were added to an edition in one act, after the event of each."""

    live_session_ids: tuple[LiveSessionId, ...]
    edition_id: EditionId
    at: datetime


@dataclass(frozen=True, slots=True)
class LiveSessionChanged:
    """Title, time or place changed after people could know of it; its `sequence` rose.

    A new web address behind the same button is told to nobody and raises nothing; that there
    is a web address now, or none any more, does.
    """

    live_session_id: LiveSessionId
    edition_id: EditionId
    at: datetime


@dataclass(frozen=True, slots=True)
class LiveSessionPeopleChanged:
    """Who speaks (or interprets) at a session that people know of changed."""

    live_session_id: LiveSessionId
    edition_id: EditionId
    at: datetime


@dataclass(frozen=True, slots=True)
class LiveSessionGroupsChanged:
    """A session that people know of is for other seminar groups now, or for everybody."""

    live_session_id: LiveSessionId
    edition_id: EditionId
    at: datetime


@dataclass(frozen=True, slots=True)
class SeminarGroupsChanged:
    """People of an edition were put into another seminar group, or into none."""

    edition_id: EditionId
    person_ids: tuple[PersonId, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class LiveSessionCancelled:
    """It will not take place. `among_others`: nor will its edition, and that is told instead."""

    live_session_id: LiveSessionId
    edition_id: EditionId
    at: datetime
    among_others: bool = False


@dataclass(frozen=True, slots=True)
class EditionPostponed:
    """An edition was put off with its sessions to come; `postponement_id` is how and why.

    Of the sessions themselves nothing is raised: one mail tells of all of them.
    """

    postponement_id: str
    edition_id: EditionId
    at: datetime


@dataclass(frozen=True, slots=True)
class EditionCloned:
    """An edition was drafted after another, `shift` later; the maps hold new ids by old ones.

    Nobody is in it: enrolments, recordings, rights and consents stay with the old one.
    """

    source_id: EditionId
    edition_id: EditionId
    shift: timedelta
    part_ids: Mapping[str, str]
    lesson_ids: Mapping[str, str]
    live_session_ids: Mapping[str, str]
    at: datetime


@dataclass(frozen=True, slots=True)
class AttendanceChanged:
    """What is known of a person's attendance changed (a press, a status by hand)."""

    live_session_id: LiveSessionId
    edition_id: EditionId
    person_id: PersonId
    at: datetime


@dataclass(frozen=True, slots=True)
class AttendanceReconciled:
    """What counts for many people of a session changed at once: a report, a match, the rule.

    `by_rule`: the rule of the edition changed, and nothing was put right.
    """

    live_session_id: LiveSessionId
    edition_id: EditionId
    person_ids: tuple[PersonId, ...]
    at: datetime
    by_rule: bool = False


@dataclass(frozen=True, slots=True)
class MissingCalled:
    """The organiser wrote, during a session, to those who were missing at that moment."""

    live_session_id: LiveSessionId
    edition_id: EditionId
    person_ids: tuple[PersonId, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class DeskHandNamed:
    """A person was asked to sit at the front desk of an edition."""

    edition_id: EditionId
    person_id: PersonId
    at: datetime


@dataclass(frozen=True, slots=True)
class TicketRenewed:
    """A person has a new ticket for the front desk; the one before is good no more."""

    edition_id: str
    person_id: PersonId
    at: datetime


@dataclass(frozen=True, slots=True)
class AddressReleased:
    """The meeting's real address is to be sent by mail to those admitted."""

    live_session_id: LiveSessionId
    edition_id: EditionId
    at: datetime
