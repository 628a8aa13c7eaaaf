"""What happened to completions."""

from dataclasses import dataclass
from datetime import datetime

from lms.kernel.ids import CertificateId, EditionId, PersonId


@dataclass(frozen=True, slots=True)
class CompletionEarned:
    """A person met the rule of an edition."""

    achievement_id: str
    edition_id: EditionId
    person_id: PersonId
    at: datetime


@dataclass(frozen=True, slots=True)
class CertificateIssued:
    """A certificate exists and can be fetched."""

    certificate_id: CertificateId
    person_id: PersonId
    edition_id: EditionId
    at: datetime


@dataclass(frozen=True, slots=True)
class CompletionQuestioned:
    """A correction would undo a completion: a person must decide."""

    task_id: str
    achievement_id: str
    edition_id: EditionId
    person_id: PersonId
    at: datetime
