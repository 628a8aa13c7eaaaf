"""Reads of recordings and handouts."""

from lms.recordings.queries.reading import (
    Processing,
    caption_languages,
    count_by_stage,
    find_caption,
    find_live_session,
    find_processing,
    find_recording,
    find_rendition,
    get_recording,
    list_captions,
    list_cues,
    list_live_sessions,
    list_processing,
    list_recordings,
)

__all__ = [
    "Processing",
    "caption_languages",
    "count_by_stage",
    "find_caption",
    "find_live_session",
    "find_processing",
    "find_recording",
    "find_rendition",
    "get_recording",
    "list_captions",
    "list_cues",
    "list_live_sessions",
    "list_processing",
    "list_recordings",
]
