"""Tickets of a participant: what the QR code says, and the short code typed by hand.

A ticket names one enrolment and nothing about the person. It says nothing about when it ends:
whether it is good is decided where it is shown, from the enrolment as it stands then. Who asks for
a new one gets the next issue, and the one before is good no more.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass

from lms.kernel.japanese import plain_id

_VERSION = "T1"
_SIGNATURE = 10  # bytes: 80 bits, 16 letters
_CODE = 5  # bytes: 40 bits, 8 letters, looked for among the people of one edition only
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_TO_CROCKFORD = str.maketrans(_BASE32, _ALPHABET)
_MISREAD = str.maketrans("OILU", "011V")
_TICKET = re.compile(r"T1-([0-9A-HJKMNP-TV-Z]{26})-([A-Z2-7]{16})")
_LONGEST = 200

MOST_ISSUES = 20
"""How many tickets an enrolment may have one after another."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a ticket says: of which enrolment, and which of its issues, counted from 0."""

    enrolment_id: str
    issue: int


def _mac(secret: bytes, purpose: bytes, enrolment_id: str, issue: int) -> bytes:
    # A name of its own keeps this signature from being one for another purpose.
    named = enrolment_id.lower() + (f":{issue}" if issue else "")
    return hmac.new(secret, purpose + named.encode(), hashlib.sha256).digest()


def _signature(secret: bytes, enrolment_id: str, issue: int) -> str:
    digest = _mac(secret, b"check-in-ticket:", enrolment_id, issue)[:_SIGNATURE]
    return base64.b32encode(digest).decode()


def ticket_text(secret: bytes, enrolment_id: str, issue: int = 0) -> str:
    """Return what the QR code of an enrolment says: capitals, digits and hyphens only."""
    return f"{_VERSION}-{enrolment_id.upper()}-{_signature(secret, enrolment_id, issue)}"


def looks_like_ticket(text: str) -> bool:
    """Whether a text has the form of a ticket, whoever signed it."""
    return _TICKET.fullmatch(_clean(text)) is not None


def read_ticket(secret: bytes, text: str) -> Ticket | None:
    """Return what a ticket says; None when it was not signed here.

    A handheld scanner under a Japanese keyboard gives full-width letters: these are read too.
    """
    match = _TICKET.fullmatch(_clean(text))
    if match is None:
        return None
    enrolment_id, signature = match[1].lower(), match[2]
    for issue in range(MOST_ISSUES):
        if hmac.compare_digest(_signature(secret, enrolment_id, issue), signature):
            return Ticket(enrolment_id, issue)
    return None


def short_code(secret: bytes, enrolment_id: str, issue: int = 0) -> str:
    """Return the code under the QR code, as it is shown: two groups of four."""
    digest = _mac(secret, b"check-in-code:", enrolment_id, issue)[:_CODE]
    letters = base64.b32encode(digest).decode().translate(_TO_CROCKFORD)
    return f"{letters[:4]}-{letters[4:]}"


def clean_code(text: str) -> str:
    """Return a short code as typed by any hand, in the form of `short_code`, or ''."""
    letters = re.sub("[- ]", "", _clean(text)).translate(_MISREAD)
    if len(letters) != 2 * 4 or any(char not in _ALPHABET for char in letters):
        return ""
    return f"{letters[:4]}-{letters[4:]}"


def _clean(text: str) -> str:
    return plain_id(text[:_LONGEST]).upper()
