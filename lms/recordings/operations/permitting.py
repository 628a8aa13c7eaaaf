"""What may be made of a recording: asked of who knows the agreements before it is made.

Recordings know of no agreements; the feature that keeps them adds its judge when the
application starts.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from lms.kernel.errors import InvalidInputError
from lms.kernel.intervals import Intervals
from lms.recordings.models import Recording

#: Recording id, what is to be made (captions, translation, trim, cut), when -> whether it may.
Judge = Callable[[str, str, datetime], bool]

_judges: Final[list[Judge]] = []


def add_judge(judge: Judge) -> None:
    """Have every making judged by one more; adding it again changes nothing."""
    if judge not in _judges:
        _judges.append(judge)


def require_making(recording: Recording, making: str, field: str, at: datetime) -> None:
    """Refuse what a rightsholder did not allow. Raises InvalidInputError (`field`)."""
    if not all(judge(recording.id, making, at) for judge in _judges):
        raise InvalidInputError(field, f"{making}_not_agreed")


def require_words(recording: Recording, language: str, field: str, at: datetime) -> None:
    """Refuse words or sound in a language that was not allowed. Raises InvalidInputError."""
    own = recording.language.lower().split("-")[0] == language.lower().split("-")[0]
    require_making(recording, "captions" if own else "translation", field, at)


def require_cuts(recording: Recording, cuts: Intervals, whole: int, at: datetime) -> None:
    """Refuse cuts that were not allowed. Raises InvalidInputError (cuts).

    `cuts` are merged, in ms or pages of `whole`.
    """
    for making in sorted(cut_makings(cuts, whole)):
        require_making(recording, making, "cuts", at)


def cut_makings(cuts: Iterable[tuple[int, int]], whole: int) -> frozenset[str]:
    """Return what cuts are: `trim` at both ends of the whole, `cut` between them."""
    return frozenset("trim" if a <= 0 or b >= whole else "cut" for a, b in cuts)
