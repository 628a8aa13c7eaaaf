"""Finding what a page of the desk is about, for those alone who look after it."""

from collections.abc import Callable, Iterable

from lms.infra.web.access import current_actor
from lms.kernel.errors import NotFoundError
from lms.people.queries import is_id
from lms.recordings.models import Recording
from lms.recordings.queries import get_recording
from lms.rights.models import Segment, Takedown
from lms.rights.policy import require_rights_desk
from lms.rights.queries.segments import find_segment, list_marked
from lms.rights.texts.segments import name_text, takedown_text


def managed_recording(recording_id: str) -> Recording:
    """Return the recording. Raises NotFoundError for who does not look after its rights."""
    if not is_id(recording_id):
        raise NotFoundError
    recording = get_recording(recording_id)
    require_rights_desk(current_actor(), recording)
    return recording


def managed_segment(segment_id: str) -> tuple[Segment, Recording]:
    """Return a part and its recording. Raises NotFoundError as `managed_recording`."""
    segment = find_segment(segment_id)
    if segment is None:
        raise NotFoundError
    return segment, managed_recording(segment.recording_id)


def segment_choices(recording: Recording) -> list[tuple[str, str]]:
    """Return the parts of a recording to choose from: id, and where and what it is."""
    return [(one.id, name_text(one, recording)) for one in list_marked(recording.id)]


def takedown_words(segments: Iterable[tuple[str, str]]) -> Callable[[Takedown], str]:
    """Return a function that says what a takedown stops, by the parts of its recording."""
    names = dict(segments)
    return lambda takedown: takedown_text(takedown, names.get(takedown.segment_id or "", ""))
