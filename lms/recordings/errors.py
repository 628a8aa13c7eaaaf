"""What can be wrong with a file, captions or a request, by code; sentences are in `texts`."""

from enum import StrEnum

from lms.kernel.errors import RefusedError


class MediaFault(StrEnum):
    """Why a file cannot be taken, or why its processing failed.

    The values are stored in `recording.error_code`.
    """

    MISSING = "file_missing"
    EMPTY = "file_empty"
    NOT_VIDEO = "not_video"
    NOT_SOUND = "not_sound"
    NO_SOUND = "no_sound"
    PDF_AS_VIDEO = "pdf_as_video"
    VIDEO_AS_PDF = "video_as_pdf"
    NO_PICTURE = "no_picture"
    BROKEN = "video_broken"
    CUT_OFF = "video_cut_off"
    TOO_LONG = "video_too_long"
    UNEVEN = "segments_uneven"
    TRACK_OUTSIDE = "track_outside"
    NOT_PDF = "not_pdf"
    PDF_BROKEN = "pdf_broken"
    PDF_LOCKED = "pdf_locked"
    PDF_EMPTY = "pdf_empty"


class CaptionFault(StrEnum):
    """Why captions cannot be taken, or what is wrong with one line of them."""

    MISSING = "captions_missing"
    EMPTY = "captions_empty"
    TOO_LARGE = "captions_too_large"
    ENCODING = "captions_encoding"
    FORMAT = "captions_format"
    TIMING = "captions_timing"
    END_BEFORE_START = "captions_end_before_start"
    OUTSIDE = "captions_outside"
    NO_CUES = "captions_no_cues"


class LinkFault(StrEnum):
    """Why an address of a recording held elsewhere cannot be taken."""

    MISSING = "link_missing"
    TOO_LONG = "link_too_long"
    NOT_HTTPS = "link_not_https"
    CREDENTIALS = "link_credentials"
    UNREADABLE = "link_unreadable"


class FlagFault(StrEnum):
    """Why pages of a paper cannot be flagged so."""

    FIRST = "flag_first"
    ORDER = "flag_order"
    BEYOND = "flag_beyond"
    NOTHING = "flag_nothing"

    @property
    def field(self) -> str:
        """The field of the form that it is about."""
        return {"flag_first": "first_page", "flag_nothing": "barred"}.get(self.value, "last_page")


class ChapterFault(StrEnum):
    """What is wrong with chapters: with a line, or with all of them."""

    TIME = "chapters_time"
    TITLE = "chapters_title"
    OUTSIDE = "chapters_outside"
    TWICE = "chapters_twice"
    TOO_MANY = "chapters_too_many"


class MediaFaultError(Exception):
    """A file that cannot be used."""

    def __init__(self, fault: MediaFault):
        super().__init__(fault.value)
        self.fault = fault


class RecordingRefusedError(RefusedError):
    """An act that the recording's stage does not allow."""


class CaptionsChangedError(RecordingRefusedError):
    """Somebody else has stored captions while these were edited."""

    def __init__(self) -> None:
        super().__init__("captions_changed")
