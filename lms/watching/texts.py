"""What viewers are told."""

from collections.abc import Iterable
from typing import Any, Final, assert_never

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from lms.kernel.errors import ForbiddenError, InvalidInputError, RefusedError
from lms.recordings.models import Caption
from lms.recordings.texts import language_text
from lms.rights.rules import Reach
from lms.rights.texts.desk import level_text
from lms.watching.errors import WatchResult
from lms.watching.rules import Sound

_FAULTS: Final[dict[str, Any]] = {
    "watch_json": _l("The report is not JSON that can be read."),
    "watch_too_long": _l("The report is too long."),
    "watch_intervals": _l("intervals must be a list of pairs of whole milliseconds."),
    "watch_number": _l("sequence, position and age must be whole numbers from 0 up."),
    "watch_country": _l("Please choose one of the countries."),
}

#: Why a play session ended, as far as its viewer is concerned.
_ENDED: Final[dict[str, Any]] = {
    "superseded": _l(
        "Playing has ended here, because you started it in two other places. "
        "You can go on here at any time."
    ),
    "replaced": _l("This recording was replaced by a new version. Please load the page again."),
    "changed": _l("What may be seen of this recording has changed. Please go on."),
    "idle": _l("Playing was paused for a long time. You can go on where you stopped."),
    "refused": _l("This material is not available any more."),
    "ended": _l("Playing has ended. You can go on where you stopped."),
}


def result_text(result: WatchResult) -> str:
    """Return what became of a report, in words."""
    match result:
        case WatchResult.OK | WatchResult.DUPLICATE:
            return str(_l("Stored."))
        case WatchResult.SESSION_UNKNOWN:
            return str(_l("There is no such play session."))
        case WatchResult.SESSION_CLOSED:
            return str(_l("This play session has ended."))
        case WatchResult.TOO_MANY_INTERVALS:
            return str(_l("A report may hold at most 200 intervals."))
        case WatchResult.INVALID_INTERVAL:
            return str(_l("One of the intervals cannot be: nothing of the report was stored."))
        case WatchResult.RATE_IMPOSSIBLE:
            return str(_l("This is more than can have been played by now; it is tried again."))
        case _:
            assert_never(result)


def sound_name(sound: Sound) -> str:
    """Return what a choice of sound is called: its language, and that it is the speaker's own."""
    name = language_text(sound.language)
    return str(_("%(language)s (original)", language=name)) if sound.own else name


def caption_name(caption: Caption) -> str:
    """Return what captions are called: their language, and whether a machine wrote them."""
    name = language_text(caption.language)
    if caption.status != "machine":
        return name
    return str(_("%(language)s (by machine, not checked)", language=name))


def visitor_text() -> str:
    """Return what somebody without an account is called on a copy."""
    return str(_("Visitor"))


def ranges_text(ranges: Iterable[tuple[int, int]]) -> str:
    """Return ranges of pages, both ends included, in words: 3, 5 to 7."""
    told = [str(first) if first == last else f"{first}\u2013{last}" for first, last in ranges]
    return str(_(", ")).join(told)


def room_text(reach: Reach, language: str) -> str:
    """Return who sits in a room, by the widest of them."""
    if reach is Reach.OUTSIDE:
        return str(_("People from outside the federation too, or anyone"))
    return str(_("Only people of: %(level)s, or nearer", level=level_text(reach, language)))


def ended_text(why: str) -> str:
    """Return why a play session ended."""
    return str(_ENDED.get(why, _ENDED["ended"]))


def refusal_text(error: RefusedError | ForbiddenError | InvalidInputError) -> str | None:
    """Return the sentence for input that cannot be read, or None."""
    if isinstance(error, InvalidInputError) and error.code in _FAULTS:
        return str(_FAULTS[error.code])
    return None
