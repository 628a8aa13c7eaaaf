"""What recordings do when one of them changes; in the same transaction."""

from collections.abc import Callable, Mapping
from typing import Any

from lms.recordings import operations
from lms.recordings.events import RecordingChanged


def index(event: RecordingChanged) -> None:
    """Captions may have changed: what they are found by changes with them."""
    operations.index_transcripts(event.recording_id)


HANDLERS: Mapping[type, tuple[Callable[[Any], None], ...]] = {RecordingChanged: (index,)}
