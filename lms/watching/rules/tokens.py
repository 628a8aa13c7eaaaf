"""Media tokens: the part of a media address that says what it opens and until when.

The token stands in the path, because players on phones lose the query of a playlist's address
for the addresses inside it. It opens segments only; playlist, key, captions and poster are
decided anew at each request, and the key asks for the viewer's cookie too.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

#: How long after the play session began its addresses work, in ms.
TOKEN_LIFE = 12 * 3_600_000

#: Names the signing key, so that a new one can be brought in while old tokens live.
_KEY_ID = "a"
_FIELDS = 7
_SIGNATURE = 16  # bytes: 128 bits
#: An eight-hour film with a passage hidden in every minute stays below.
_LONGEST = 4000


class TokenFault(StrEnum):
    """Why an address opens nothing."""

    #: Not made here, altered, or made for another recording: like no address at all.
    UNKNOWN = "unknown"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class MediaToken:
    """What a token names. `expires` in ms since the epoch; `rendition` empty for a handout.

    `gone` are the numbers of the segments that this play session does not get, rising. A segment
    is given for the token alone, and one key opens the hidden and the shown ones of half a
    minute: so the token itself must refuse the hidden ones.
    """

    play_id: str
    recording_id: str
    rendition_id: str
    generation: int
    expires: int
    gone: tuple[int, ...] = ()


def sign_token(secret: bytes, token: MediaToken) -> str:
    """Return the token as it stands in addresses: letters, digits, `-`, `_` and one dot."""
    payload = ":".join(
        (
            _KEY_ID,
            token.play_id,
            token.recording_id,
            token.rendition_id,
            str(token.generation),
            str(token.expires),
            pack_places(token.gone),
        )
    ).encode()
    return f"{_encode(payload)}.{_encode(_sign(secret, payload))}"


def read_token(secret: bytes, text: str, recording_id: str, now: int) -> MediaToken | TokenFault:
    """Return what the token names, if it was signed here for this recording and still lives."""
    parts = text.split(".")
    if len(text) > _LONGEST or len(parts) != 2:  # noqa: PLR2004 - payload and signature
        return TokenFault.UNKNOWN
    payload, signature = _decode(parts[0]), _decode(parts[1])
    if payload is None or signature is None:
        return TokenFault.UNKNOWN
    if not hmac.compare_digest(_sign(secret, payload), signature):
        return TokenFault.UNKNOWN
    fields = payload.decode().split(":")
    if len(fields) != _FIELDS:  # signed by an earlier version of this program
        return TokenFault.UNKNOWN
    key_id, play_id, recording, rendition, generation, expires, gone = fields
    if key_id != _KEY_ID or recording != recording_id:
        return TokenFault.UNKNOWN
    token = MediaToken(
        play_id, recording, rendition, int(generation), int(expires), unpack_places(gone)
    )
    return token if now < token.expires else TokenFault.EXPIRED


def pack_places(places: Iterable[int]) -> str:
    """Return rising whole numbers in short: `3-5.9` for 3, 4, 5 and 9."""
    runs: list[list[int]] = []
    for place in places:
        if runs and runs[-1][1] == place - 1:
            runs[-1][1] = place
        else:
            runs.append([place, place])
    return ".".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def unpack_places(text: str) -> tuple[int, ...]:
    """Return the numbers that `pack_places` wrote."""
    found: list[int] = []
    for run in filter(None, text.split(".")):
        first, _dash, last = run.partition("-")
        found += range(int(first), int(last or first) + 1)
    return tuple(found)


def _sign(secret: bytes, payload: bytes) -> bytes:
    # A name of its own keeps this signature from being one for another purpose.
    return hmac.new(secret, b"media-token:" + payload, hashlib.sha256).digest()[:_SIGNATURE]


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes | None:
    """Return the bytes, or None for a text that `_encode` cannot have made."""
    if not text.isascii():
        return None
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    return data if _encode(data) == text else None
