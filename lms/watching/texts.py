"""What viewers are told."""

from typing import Any, Final, assert_never

from flask_babel import lazy_gettext as _l

from lms.kernel.errors import ForbiddenError, InvalidInputError, RefusedError
from lms.watching.errors import WatchResult

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


def ended_text(why: str) -> str:
    """Return why a play session ended."""
    return str(_ENDED.get(why, _ENDED["ended"]))


def refusal_text(error: RefusedError | ForbiddenError | InvalidInputError) -> str | None:
    """Return the sentence for input that cannot be read, or None."""
    if isinstance(error, InvalidInputError) and error.code in _FAULTS:
        return str(_FAULTS[error.code])
    return None
