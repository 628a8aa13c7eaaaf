"""What happened to rights and publication."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from lms.kernel.ids import AgreementId, EditionId, PersonId, RecordingId


@dataclass(frozen=True, slots=True)
class RecordingPublished:
    """A recording or handout may be seen from now on, within its rights."""

    recording_id: RecordingId
    edition_id: EditionId
    at: datetime


@dataclass(frozen=True, slots=True)
class RecordingTakenDown:
    """A recording was stopped for everyone."""

    recording_id: RecordingId
    edition_id: EditionId
    at: datetime


@dataclass(frozen=True, slots=True)
class AgreementWithdrawn:
    """A rightsholder took an agreement back."""

    agreement_id: AgreementId
    recording_id: RecordingId
    edition_id: EditionId
    at: datetime


@dataclass(frozen=True, slots=True)
class PublicationProposed:
    """A publication waits for a second person."""

    proposal_id: str
    recording_id: RecordingId
    edition_id: EditionId
    at: datetime


@dataclass(frozen=True, slots=True)
class OverrideAsked:
    """An exception from publication, for one person, waits for a second person."""

    override_id: str
    recording_id: RecordingId
    edition_id: EditionId
    at: datetime


@dataclass(frozen=True, slots=True)
class OverrideApproved:
    """One person may see a recording or handout although publication does not reach them."""

    override_id: str
    recording_id: RecordingId
    edition_id: EditionId
    person_id: PersonId
    at: datetime


@dataclass(frozen=True, slots=True)
class ConsentAsked:
    """A rightsholder is asked, again, or reminded; the link's secret is kept nowhere else.

    `secret` is empty where the letter goes by post, and in a reminder. `days` before the day by
    which an answer is asked for, in a reminder; else None.
    """

    request_id: str
    secret: str
    at: datetime
    days: int | None = None


@dataclass(frozen=True, slots=True)
class ConsentCodeAsked:
    """Somebody with the link wants to sign or to withdraw: the code goes to the rightsholder."""

    request_id: str
    code: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ConsentAnswered:
    """A rightsholder answered a letter: outcomes stand in its items."""

    request_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ConsentDocumented:
    """The signed copy of an answer is kept. `secret` of the link by which it was signed, or ''."""

    request_id: str
    secret: str
    at: datetime


@dataclass(frozen=True, slots=True)
class WithdrawalReceived:
    """A rightsholder took back an agreement themselves; the receipt goes out at once.

    `actions` empty: everything. `secret` of the link by which it was done, else empty.
    """

    agreement_id: AgreementId
    withdrawal_id: str
    actions: tuple[str, ...]
    secret: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RecordingClosed:
    """A recording was closed for good: nobody sees it, its files are being destroyed."""

    record_id: str
    recording_id: RecordingId
    edition_id: EditionId
    at: datetime


class EndingTold(NamedTuple):
    """One thing of which the rights desk is told that it ends.

    `kind` is rights or publication; `holder` the rightsholder's name, '' for a publication;
    `last_on` the last day in Japan; `is_asked` whether a renewal was proposed already.
    """

    recording_id: RecordingId
    edition_id: EditionId
    kind: str
    holder: str
    last_on: date
    days_left: int
    is_asked: bool = False


@dataclass(frozen=True, slots=True)
class RightsEnding:
    """Agreements and publications end soon: one of the steps of reminding was reached."""

    items: tuple[EndingTold, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class ViewingEnds:
    """What is published can be seen until `last_on` (in Japan) and no longer, within a week."""

    recording_id: RecordingId
    edition_id: EditionId
    last_on: date
    at: datetime


@dataclass(frozen=True, slots=True)
class RightsWeekEnded:
    """A week `[since, until)` is over, for the digest of the rights desk."""

    since: datetime
    until: datetime
    at: datetime
