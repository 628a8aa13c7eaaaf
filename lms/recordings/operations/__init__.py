"""Writes of recordings and handouts."""

from lms.recordings.operations.captioning import (
    StoredCaptions,
    delete_captions,
    put_captions,
    set_captions_reviewed,
)
from lms.recordings.operations.copying import (
    CopySource,
    MadeCopy,
    clean_copy,
    drop_copy,
    fail_copy,
    make_copy,
    publish_copy,
    request_copy,
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
from lms.recordings.operations.links import add_link, change_address, report_removed_elsewhere
from lms.recordings.operations.processing import (
    clean_leftovers,
    destroy_files,
    fail_processing,
    forget_files,
    publish_media,
)
from lms.recordings.operations.receiving import Received, Target, discard, receive
from lms.recordings.operations.removing import remove_folder
from lms.recordings.operations.rendering import (
    Film,
    MadeMedia,
    MadeRendition,
    TrackFile,
    make_media,
    make_track,
)
from lms.recordings.operations.shelving import Shelved, add_shelved, take_off_shelf
from lms.recordings.operations.staging import bump_generation, mark_in_review, mark_published
from lms.recordings.operations.tracks import (
    add_track,
    change_track,
    clean_track,
    delete_track,
    fail_track,
    publish_track,
    track_target,
)
from lms.recordings.operations.versions import change_version_note, keep_version

__all__ = [
    "CopySource",
    "Details",
    "Film",
    "MadeCopy",
    "MadeMedia",
    "MadeRendition",
    "Received",
    "Shelved",
    "StoredCaptions",
    "Target",
    "TrackFile",
    "add_link",
    "add_recording",
    "add_shelved",
    "add_track",
    "attach_file",
    "bump_generation",
    "change_address",
    "change_details",
    "change_track",
    "change_version_note",
    "clean_copy",
    "clean_leftovers",
    "clean_track",
    "delete_captions",
    "delete_recording",
    "delete_track",
    "destroy_files",
    "discard",
    "drop_copy",
    "fail_copy",
    "fail_processing",
    "fail_track",
    "forget_files",
    "import_file",
    "index_transcripts",
    "keep_version",
    "make_copy",
    "make_media",
    "make_track",
    "mark_in_review",
    "mark_published",
    "next_target",
    "publish_copy",
    "publish_media",
    "publish_track",
    "put_captions",
    "receive",
    "remove_folder",
    "report_removed_elsewhere",
    "request_copy",
    "retry_processing",
    "set_captions_reviewed",
    "take_off_shelf",
    "track_target",
]
