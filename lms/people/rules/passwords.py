"""Which passwords are refused: short ones and well-known ones; nothing is asked of their make-up.

The rule follows NIST SP 800-63B: length and a list of common passwords, no composition.
"""

import unicodedata
from collections.abc import Iterable
from enum import StrEnum

MIN_LENGTH = 10
MAX_LENGTH = 200

# Well-known words that only digits and signs are put behind; and well-known wholes.
_WORDS = frozenset([
    "password", "passwort", "passw0rd", "p@ssword", "p@ssw0rd", "pass", "welcome", "letmein",
    "admin", "administrator", "root", "login", "master", "secret", "changeme", "default",
    "guest", "test", "user", "hello", "iloveyou", "monkey", "dragon", "sunshine", "princess",
    "football", "baseball", "superman", "batman", "shadow", "qwerty", "qwertyuiop", "azerty",
    "asdf", "asdfgh", "asdfghjkl", "zxcvbnm", "abc", "abcd", "abcdef", "abcdefg", "tomoni",
    "union", "solidarity", "kumiai", "rodokumiai", "roudoukumiai", "rodo", "roudou", "nihon",
    "nippon", "japan", "tokyo", "sakura", "konnichiwa", "arigatou", "arigato", "selamat",
    "merdeka", "malaysia", "kesatuan",
])  # fmt: skip
_WHOLES = frozenset([
    "1q2w3e4r5t", "1qaz2wsx3edc", "1qaz2wsx3e", "zaq12wsxcde", "q1w2e3r4t5", "qwertyuiop1",
    "1234qwerasdf", "qwer1234asdf", "asdfqwer1234", "passwordpassword", "trustno1trustno1",
    "qazwsxedcrfv",
])  # fmt: skip
_RUNS = ("01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm")
_LONGEST_PATTERN = 4


class PasswordFault(StrEnum):
    """Why a password is refused."""

    TOO_SHORT = "password_short"
    TOO_LONG = "password_long"
    COMMON = "password_common"
    PERSONAL = "password_personal"
    UNREADABLE = "password_unreadable"


def plain_password(text: str) -> str:
    """Return the form that is hashed: what a half-width and a full-width keyboard both give."""
    return unicodedata.normalize("NFKC", text)


def _is_pattern(text: str) -> bool:
    """Whether a short piece is only repeated, such as 1212121212."""
    return any(
        text == (text[:size] * len(text))[: len(text)] for size in range(1, _LONGEST_PATTERN + 1)
    )


def _is_common(text: str) -> bool:
    if text in _WHOLES or _is_pattern(text):
        return True
    if any(text in run or text in run[::-1] for run in _RUNS):
        return True
    word = "".join(c if c.isalpha() or c in "@0" else " " for c in text).split()
    letters = text.rstrip("0123456789!@#$%^&*?._-+= ")
    return letters in _WORDS or (len(word) == 1 and word[0] in _WORDS)


def password_fault(password: str, own: Iterable[str | None] = ()) -> PasswordFault | None:
    """Return why a new password is refused, or None. `own`: the person's id, address and names."""
    text = plain_password(password)
    if len(text) > MAX_LENGTH or len(password) > MAX_LENGTH:
        return PasswordFault.TOO_LONG
    if any(unicodedata.category(c) in {"Cc", "Cs", "Cn"} for c in text):
        return PasswordFault.UNREADABLE
    if len(text) < MIN_LENGTH:
        return PasswordFault.TOO_SHORT
    folded = text.casefold()
    if _is_common(folded):
        return PasswordFault.COMMON
    for word in own:
        known = (word or "").casefold()
        if known and folded in {known, known.split("@", maxsplit=1)[0]}:
            return PasswordFault.PERSONAL
    return None
