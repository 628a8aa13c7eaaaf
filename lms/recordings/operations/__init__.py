"""Writes of recordings and handouts."""

from lms.recordings.operations.captioning import (
    StoredCaptions,
    delete_captions,
    put_captions,
    set_captions_reviewed,
)
from lms.recordings.operations.editing import (
    Details,
    add_recording,
    attach_file,
    change_details,
    delete_recording,
    import_file,
    next_target,
    retry_processing,
)
from lms.recordings.operations.indexing import index_transcripts
from lms.recordings.operations.processing import (
    clean_leftovers,
    destroy_files,
    fail_processing,
    forget_files,
    publish_rendition,
)
from lms.recordings.operations.receiving import Received, Target, discard, receive
from lms.recordings.operations.rendering import Film, MadeRendition, make_rendition
from lms.recordings.operations.staging import bump_generation, mark_in_review, mark_published

__all__ = [
    "Details",
    "Film",
    "MadeRendition",
    "Received",
    "StoredCaptions",
    "Target",
    "add_recording",
    "attach_file",
    "bump_generation",
    "change_details",
    "clean_leftovers",
    "delete_captions",
    "delete_recording",
    "destroy_files",
    "discard",
    "fail_processing",
    "forget_files",
    "import_file",
    "index_transcripts",
    "make_rendition",
    "mark_in_review",
    "mark_published",
    "next_target",
    "publish_rendition",
    "put_captions",
    "receive",
    "retry_processing",
    "set_captions_reviewed",
]
