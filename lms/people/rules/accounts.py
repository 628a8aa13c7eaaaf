"""How ids and addresses are written, how long links live, and where one may be sent back to."""

import re
import unicodedata
from datetime import timedelta
from urllib.parse import urlsplit

from lms.kernel.japanese import plain_id

INVITATION_LIFE = timedelta(days=14)
RESET_LIFE = timedelta(hours=2)
ADDRESS_LINK_LIFE = timedelta(hours=24)

_LOGIN_ID = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,58}[a-z0-9])?")
_ADDRESS = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}"
)
_LONGEST_ADDRESS = 254
_LONGEST_PATH = 2000


def clean_login_id(text: str) -> str:
    """Return an issued id as it is kept, from any width, hyphen and case."""
    return plain_id(text).lower()


def is_login_id(text: str) -> bool:
    """Whether a cleaned text can be an issued id: letters, digits, dot, hyphen; never an @."""
    return _LOGIN_ID.fullmatch(text) is not None


def clean_address(text: str) -> str:
    """Return a mail address as it is kept and compared, from any width and case."""
    return unicodedata.normalize("NFKC", text).strip().lower()


def is_address(text: str) -> bool:
    """Whether a cleaned text is written like a mail address."""
    return (
        len(text) <= _LONGEST_ADDRESS
        and _ADDRESS.fullmatch(text) is not None
        and ".." not in text
        and not text.startswith(".")
    )


def local_path(text: str | None) -> str | None:
    """Return the text when it is a path of this site, so that nobody is sent elsewhere."""
    if not text or len(text) > _LONGEST_PATH or not text.isprintable():
        return None
    if not text.startswith("/") or text.startswith("//") or "\\" in text:
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    return None if parts.scheme or parts.netloc else text


def has_control_characters(text: str) -> bool:
    """Whether a text holds characters that no name, id or address holds (NUL, line ends, ...)."""
    return any(unicodedata.category(c) in {"Cc", "Cs"} for c in text)
