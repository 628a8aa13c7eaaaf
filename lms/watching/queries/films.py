"""Reads of the copies of recordings that may be taken away."""

from lms.kernel.intervals import Intervals, normalise
from lms.recordings.models import MediaCopy, Recording
from lms.recordings.queries import find_copy


def find_fitting_copy(recording: Recording, cuts: Intervals) -> MediaCopy | None:
    """Return the copy that is ready and leaves out exactly these cuts (ms), or None.

    One that leaves out more is another copy; one that leaves out less would give too much.
    """
    copy = find_copy(recording)
    if copy is None or copy.state != "ready" or not copy.key:
        return None
    return copy if normalise((a, b) for a, b in copy.cuts) == cuts else None
