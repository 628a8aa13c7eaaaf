"""Tickets of a participant: what the QR code says, and the short code typed by hand.

A ticket names one enrolment and nothing about the person. It says nothing about when it ends:
whether it is good is decided where it is shown, from the enrolment as it stands then.
"""

import base64
import hashlib
import hmac
import re

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


def _mac(secret: bytes, purpose: bytes, enrolment_id: str) -> bytes:
    # A name of its own keeps this signature from being one for another purpose.
    return hmac.new(secret, purpose + enrolment_id.lower().encode(), hashlib.sha256).digest()


def _signature(secret: bytes, enrolment_id: str) -> str:
    digest = _mac(secret, b"check-in-ticket:", enrolment_id)[:_SIGNATURE]
    return base64.b32encode(digest).decode()


def ticket_text(secret: bytes, enrolment_id: str) -> str:
    """Return what the QR code of an enrolment says: capitals, digits and hyphens only."""
    return f"{_VERSION}-{enrolment_id.upper()}-{_signature(secret, enrolment_id)}"


def looks_like_ticket(text: str) -> bool:
    """Whether a text has the form of a ticket, whoever signed it."""
    return _TICKET.fullmatch(_clean(text)) is not None


def read_ticket(secret: bytes, text: str) -> str | None:
    """Return the enrolment that a ticket names; None when it was not signed here.

    A handheld scanner under a Japanese keyboard gives full-width letters: these are read too.
    """
    match = _TICKET.fullmatch(_clean(text))
    if match is None:
        return None
    enrolment_id, signature = match[1].lower(), match[2]
    if not hmac.compare_digest(_signature(secret, enrolment_id), signature):
        return None
    return enrolment_id


def short_code(secret: bytes, enrolment_id: str) -> str:
    """Return the code under the QR code, as it is shown: two groups of four."""
    digest = _mac(secret, b"check-in-code:", enrolment_id)[:_CODE]
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
