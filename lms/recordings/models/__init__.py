"""Tables of recordings and handouts."""

from lms.recordings.models.recordings import (
    AudioTrack,
    Caption,
    ChannelFlag,
    Chapter,
    FileVersion,
    MediaCopy,
    MediaKind,
    Recording,
    Rendition,
    Stage,
)
from lms.recordings.models.transcripts import TranscriptIndex
from lms.recordings.models.uploads import Upload

__all__ = [
    "AudioTrack",
    "Caption",
    "ChannelFlag",
    "Chapter",
    "FileVersion",
    "MediaCopy",
    "MediaKind",
    "Recording",
    "Rendition",
    "Stage",
    "TranscriptIndex",
    "Upload",
]
