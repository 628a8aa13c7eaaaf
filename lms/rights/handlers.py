"""What rights do when a recording changes; in the same transaction."""

from collections.abc import Callable, Mapping
from typing import Any

from lms.recordings.events import RecordingChanged
from lms.rights import operations


def freeze(event: RecordingChanged) -> None:
    """Stage and length are part of what the decision reads."""
    operations.rewrite_facts(event.recording_id, event.at)


HANDLERS: Mapping[type, tuple[Callable[[Any], None], ...]] = {RecordingChanged: (freeze,)}
