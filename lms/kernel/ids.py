"""Identifiers: 26 characters, sortable by the moment they were made (the ULID layout)."""

import secrets
import threading
import time
from typing import NewType

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_RANDOM_BITS = 80
#: How far apart, at random, are two of one millisecond: processes that were forked between them
#: begin at the same one and still do not meet.
_STEP_BITS = 64

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


class _Last:
    """The newest identifier of this process, as a number."""

    lock = threading.Lock()
    value = 0


def new_id() -> str:
    """Return a new identifier: 48 bits of time in ms, 80 random bits, lower-case base 32.

    Of those that one process makes in the same millisecond each sorts after the one before, so
    that what is written in one act is read in the order of its writing.
    """
    now = time.time_ns() // 1_000_000
    with _Last.lock:
        if now == _Last.value >> _RANDOM_BITS:
            value = _Last.value + 1 + secrets.randbits(_STEP_BITS)
        else:
            value = now << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
        _Last.value = value
    out = []
    for _ in range(26):
        out.append(_ALPHABET[value & 31])
        value >>= 5
    return "".join(reversed(out))


def new_secret() -> str:
    """Return a secret for links: 256 random bits, safe in an address."""
    return secrets.token_urlsafe(32)
