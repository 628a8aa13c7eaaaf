"""Addresses of recordings held elsewhere: which are listed, and whose they are."""

import re
import unicodedata
from typing import Final
from urllib.parse import SplitResult, urlsplit

from lms.recordings.errors import LinkFault

LONGEST_ADDRESS: Final = 1000

#: A name of the public net: labels of letters, digits and hyphens, the last one no number.
_HOST: Final = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})", re.IGNORECASE
)


def judge_address(text: str) -> str | LinkFault:
    """Return the address of a recording held elsewhere as it is listed, or why it is not taken.

    https only, without a user's name or password, at a host of the public net. What a browser
    would read another way than we do (blanks, backslashes, control characters) is refused.
    """
    address = text.strip()
    if not address:
        return LinkFault.MISSING
    if len(address) > LONGEST_ADDRESS:
        return LinkFault.TOO_LONG
    if any(c.isspace() or c == "\\" or unicodedata.category(c)[0] == "C" for c in address):
        return LinkFault.UNREADABLE
    try:
        parts = urlsplit(address)
        port = parts.port
        name = (parts.hostname or "").encode("idna").decode("ascii")
    except ValueError:  # also what cannot be a name of the net
        return LinkFault.UNREADABLE
    fault = _fault_of(parts, name)
    if fault is not None:
        return fault
    netloc = name if port is None else f"{name}:{port}"
    return parts._replace(scheme="https", netloc=netloc).geturl()


def _fault_of(parts: SplitResult, name: str) -> LinkFault | None:
    if parts.scheme.lower() != "https":
        return LinkFault.NOT_HTTPS
    if "@" in parts.netloc:
        return LinkFault.CREDENTIALS
    if not _HOST.fullmatch(name) or parts.port == 0:
        return LinkFault.UNREADABLE
    return None


def host_of(address: str) -> str:
    """Return the host of a listed address, as people are told where it leads."""
    return urlsplit(address).hostname or ""
