"""Identifiers: 26 characters, sortable by the moment they were made (the ULID layout)."""

import secrets
import time
from typing import NewType

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"

PersonId = NewType("PersonId", str)
OrganisationId = NewType("OrganisationId", str)
ProgrammeId = NewType("ProgrammeId", str)
EditionId = NewType("EditionId", str)
PartId = NewType("PartId", str)
LessonId = NewType("LessonId", str)
EnrolmentId = NewType("EnrolmentId", str)
LiveSessionId = NewType("LiveSessionId", str)
RecordingId = NewType("RecordingId", str)
AgreementId = NewType("AgreementId", str)
PlaySessionId = NewType("PlaySessionId", str)
RequirementId = NewType("RequirementId", str)
CertificateId = NewType("CertificateId", str)
JobId = NewType("JobId", str)


def new_id() -> str:
    """Return a new identifier: 48 bits of time in ms, 80 random bits, lower-case base 32."""
    value = (time.time_ns() // 1_000_000 << 80) | secrets.randbits(80)
    out = []
    for _ in range(26):
        out.append(_ALPHABET[value & 31])
        value >>= 5
    return "".join(reversed(out))


def new_secret() -> str:
    """Return a secret for links: 256 random bits, safe in an address."""
    return secrets.token_urlsafe(32)
