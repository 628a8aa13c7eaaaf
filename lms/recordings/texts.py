"""Codes of recordings, captions and files as sentences."""

from collections.abc import Mapping
from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from lms.infra.jobs.models import JobState
from lms.infra.web.formats import format_bytes
from lms.kernel.errors import ForbiddenError, InvalidInputError, RefusedError
from lms.recordings.errors import (
    CaptionFault,
    ChapterFault,
    FlagFault,
    LinkFault,
    MediaFault,
    RecordingRefusedError,
)
from lms.recordings.models import MediaKind, Stage
from lms.recordings.queries import Processing
from lms.recordings.rules import CaptionAdvice, Remark

#: Languages offered for recordings and captions: the federation's own and its partners'.
LANGUAGES: Mapping[str, Any] = {
    "ja": _l("Japanese"),
    "en": _l("English"),
    "ms": _l("Malay"),
    "id": _l("Indonesian"),
    "th": _l("Thai"),
    "vi": _l("Vietnamese"),
    "zh": _l("Chinese"),
    "ko": _l("Korean"),
}

KINDS: Mapping[MediaKind, Any] = {
    MediaKind.VIDEO: _l("Recording (video)"),
    MediaKind.AUDIO: _l("Recording (sound)"),
    MediaKind.PAPER: _l("Handout (PDF)"),
    MediaKind.LINK: _l("Recording held elsewhere"),
}

_STAGES: Mapping[Stage, Any] = {
    Stage.PLANNED: _l("Planned"),
    Stage.RECORDED: _l("On the shelf, not worked on yet"),
    Stage.DRAFT: _l("Draft, no file yet"),
    Stage.PROCESSING: _l("Being processed"),
    Stage.FAILED: _l("Processing failed"),
    Stage.REVIEW: _l("In review"),
    Stage.PUBLISHED: _l("Published"),
    Stage.DELETED: _l("Deleted"),
    Stage.DESTROYED: _l("Destroyed"),
}

#: The look of a stage's chip; see the macro `chip`.
STAGE_CHIPS: Mapping[Stage, str] = {
    Stage.PLANNED: "plain",
    Stage.RECORDED: "plain",
    Stage.DRAFT: "plain",
    Stage.PROCESSING: "wait",
    Stage.FAILED: "no",
    Stage.REVIEW: "soon",
    Stage.PUBLISHED: "done",
    Stage.DELETED: "no",
    Stage.DESTROYED: "no",
}

MEDIA_FAULTS: Mapping[MediaFault, Any] = {
    MediaFault.MISSING: _l("There is no file. Please choose one and send it."),
    MediaFault.EMPTY: _l("This file is empty (0 bytes). Please choose another."),
    MediaFault.NOT_VIDEO: _l(
        "This file is no video that can be read here. "
        "Please choose an MP4, MOV, WebM, MKV, AVI or MPEG file."
    ),
    MediaFault.PDF_AS_VIDEO: _l(
        "This file is a PDF. Please add it as a handout, or choose a video."
    ),
    MediaFault.VIDEO_AS_PDF: _l(
        "This file is a video. Please add it as a recording, or choose a PDF."
    ),
    MediaFault.NO_PICTURE: _l(
        "This file holds sound only. "
        "Please choose a video with a picture, or add it as a recording of sound."
    ),
    MediaFault.NOT_SOUND: _l(
        "This file is no sound that can be read here. "
        "Please choose an MP3, M4A, WAV, FLAC or OGG file, or a video whose sound is wanted."
    ),
    MediaFault.NO_SOUND: _l("This file has no sound. Please choose one that can be heard."),
    MediaFault.UNEVEN: _l(
        "Picture and sound of this file could not be cut at the same moments. "
        "Please export it again as an MP4 file and send it once more."
    ),
    MediaFault.TRACK_OUTSIDE: _l(
        "With this shift nothing of the sound would be heard during the recording. "
        "Please correct the shift."
    ),
    MediaFault.BROKEN: _l(
        "This video is damaged or incomplete and cannot be read. "
        "Please export it again and send it once more."
    ),
    MediaFault.CUT_OFF: _l(
        "This video breaks off before its end. Please send the whole file once more."
    ),
    MediaFault.TOO_LONG: _l(
        "This video is longer than 8 hours. Please send it in several recordings."
    ),
    MediaFault.NOT_PDF: _l(
        "This file is no PDF. Please save the handout as a PDF and choose that file."
    ),
    MediaFault.PDF_BROKEN: _l(
        "This PDF is damaged or incomplete. Please save it again and send it once more."
    ),
    MediaFault.PDF_LOCKED: _l(
        "This PDF is protected by a password or restrictions. Please save it without protection."
    ),
    MediaFault.PDF_EMPTY: _l("This PDF has no pages. Please choose another."),
}

CAPTION_FAULTS: Mapping[CaptionFault, Any] = {
    CaptionFault.MISSING: _l("There is no caption file. Please choose one."),
    CaptionFault.EMPTY: _l("This caption file is empty. Please choose another."),
    CaptionFault.TOO_LARGE: _l("This file is larger than 2 MB and cannot be captions."),
    CaptionFault.ENCODING: _l(
        "The characters of this file cannot be read. Please save it as UTF-8 and send it again."
    ),
    CaptionFault.FORMAT: _l(
        "This file is neither WebVTT nor SubRip. "
        "A WebVTT file begins with WEBVTT, a SubRip file with the number 1 and a line of times."
    ),
    CaptionFault.TIMING: _l(
        "The times cannot be read in line %(lines)s. "
        "They must look like 00:01:02.500 --> 00:01:05.000."
    ),
    CaptionFault.END_BEFORE_START: _l(
        "A caption ends before it begins, or at the same moment, in line %(lines)s."
    ),
    CaptionFault.OUTSIDE: _l("A caption lies after the end of the recording in line %(lines)s."),
    CaptionFault.NO_CUES: _l("There is no caption with words in this file."),
}

_OTHERS: Mapping[str, Any] = {
    LinkFault.MISSING: _l("Please write the address."),
    LinkFault.TOO_LONG: _l("This address is too long: at most 1,000 characters are taken."),
    LinkFault.NOT_HTTPS: _l("Please write an address that begins with https://."),
    LinkFault.CREDENTIALS: _l(
        "This address holds a user name or a password. Please leave them out."
    ),
    LinkFault.UNREADABLE: _l("This is no address that a browser can open. Please check it."),
    "version_note_missing": _l("Please write what changed: it is told to those who are enrolled."),
    "version_note_too_long": _l("This is too long: at most 1,000 characters are taken."),
    FlagFault.FIRST: _l("Pages count from 1."),
    FlagFault.ORDER: _l("The last page lies before the first."),
    FlagFault.BEYOND: _l("This paper has %(pages)s pages only."),
    FlagFault.NOTHING: _l("Please tick at least one channel through which they must not go."),
    "flag_note_too_long": _l("This is too long: at most 300 characters are taken."),
    "link_takes_no_file": _l("What is held elsewhere takes no file. Add a recording instead."),
    "captions_rows": _l("These captions cannot be read. Please load the page again."),
    "captions_not_agreed": _l(
        "A rightsholder has not allowed captions in the language spoken. Ask them first, under "
        "rights."
    ),
    "translation_not_agreed": _l(
        "A rightsholder has not allowed a translation: neither captions nor sound in another "
        "language. Ask them first, under rights."
    ),
    "cut_not_agreed": _l(
        "A rightsholder has not allowed that parts are taken out. Ask them first, under rights."
    ),
    "trim_not_agreed": _l(
        "A rightsholder has not allowed that it is shortened at its ends. Ask them first, under "
        "rights."
    ),
    "language_unknown": _l("This is no language tag. Please write one such as en, ms or zh-Hant."),
    "track_in_own_language": _l(
        "The recording's own sound is in this language. "
        "If it is not, change the language of the recording first."
    ),
    "track_of_old_version": _l(
        "The file of the recording was replaced meanwhile. Please send the sound once more."
    ),
    "shift_unreadable": _l("Please write seconds, such as 2.5 or -3."),
    "shift_too_large": _l("This is longer than any recording. Please correct it."),
    "cuts_unreadable": _l(
        "This cannot be read in line %(lines)s. Please write from and to, such as 12:30-14:05."
    ),
    "pages_unreadable": _l(
        "This cannot be read in line %(lines)s. Please write pages, such as 14 or 14-16."
    ),
    "cuts_outside": _l(
        "A range lies outside the recording or the paper, or nothing would be left of it."
    ),
    ChapterFault.TIME: _l(
        "The time cannot be read in line %(lines)s. Please begin with it, such as 12:30."
    ),
    ChapterFault.TITLE: _l(
        "The title is missing, or longer than 200 characters, in line %(lines)s."
    ),
    ChapterFault.OUTSIDE: _l("The time lies after the end of the recording in line %(lines)s."),
    ChapterFault.TWICE: _l("There is a chapter at the same moment already in line %(lines)s."),
    ChapterFault.TOO_MANY: _l("At most 200 chapters are taken."),
    "recording_title_missing": _l("Please write a title in Japanese or English."),
    "recording_place_unknown": _l("That part or session does not belong to this edition."),
    "recording_kind_differs": _l("This file is of another kind than what it is to replace."),
}

_UPLOADS: Mapping[str, Any] = {
    "upload_too_large": _l("This file has %(size)s; at most %(max)s are taken."),
    "upload_no_space": _l(
        "There is no room on the server for this file (%(size)s). Nothing was sent. "
        "Please tell whoever looks after this site, and send it later."
    ),
    "upload_kind": _l("A file cannot be sent for this. Please load the page again."),
}

_REFUSALS: Mapping[str, Any] = {
    "recording_forbidden": _l(
        "Nothing of this session may be recorded: somebody who speaks has not allowed it. The file "
        "was not taken."
    ),
    "recording_not_agreed": _l(
        "Those who speak in this session have not agreed to be recorded yet. The file was not "
        "taken."
    ),
    "too_many_uploads": _l(
        "Too many files of yours are on their way. Please finish or stop one of them first."
    ),
    "upload_not_whole": _l(
        "This file has not arrived whole. Please choose it again: sending goes on where it stopped."
    ),
    "upload_in_hand": _l("This file is being checked already. Please wait a moment."),
    "upload_gone": _l("This upload is not there any more. Please choose the file again."),
    "upload_moved_on": _l("This piece does not follow what has arrived. Please go on from there."),
    "upload_disk_full": _l(
        "The disk of the server is full. What has arrived is kept; please go on later."
    ),
    "upload_checksum": _l("A piece was damaged on its way and must be sent again."),
    "upload_malformed": _l("This request does not say what it brings."),
    "tracks_for_paper": _l("Only recordings have sound in other languages."),
    "copy_not_ready": _l("A copy can be made once the file has been processed."),
    "chapters_not_ready": _l("Chapters can be written once the file has been processed."),
    "not_on_shelf": _l("It is not in the backlog any more. Please load the page again."),
    "not_failed": _l("Its processing has not failed. Please load the page again."),
    "captions_changed": _l(
        "Somebody else has changed these captions in the meantime. Nothing was stored; "
        "your text is still here. Open the newer one beside it and bring both together."
    ),
    "captions_for_paper": _l("Only recordings have captions."),
}


def stage_text(stage: str) -> str:
    """Return a stage in words."""
    return str(_STAGES[Stage(stage)])


def kind_text(kind: str) -> str:
    """Return a kind in words."""
    return str(KINDS[MediaKind(kind)])


_ADVICE: Mapping[CaptionAdvice, Any] = {
    CaptionAdvice.LONG_LINE: _l("A line has %(number)s characters; at most %(most)s."),
    CaptionAdvice.MANY_LINES: _l("%(number)s lines; at most %(most)s."),
    CaptionAdvice.FAST: _l("%(number)s characters a second; at most %(most)s can be read."),
    CaptionAdvice.OVERLAP: _l("It begins before the one before it ends."),
    CaptionAdvice.REVERSED: _l("It ends before it begins, or at the same moment."),
    CaptionAdvice.OUTSIDE: _l("It lies after the end of the recording."),
    CaptionAdvice.EMPTY: _l("It has no words and is left out."),
}

_CAPTION_STATES: Mapping[str, Any] = {
    "machine": _l("By machine, not checked"),
    "draft": _l("Draft"),
    "reviewed": _l("Reviewed"),
}


def language_text(tag: str) -> str:
    """Return the name of a language in the reader's own, or its tag where it has no name."""
    if tag in LANGUAGES:
        return str(LANGUAGES[tag])
    from babel import Locale  # noqa: PLC0415 - only for languages that are seldom met
    from babel.core import UnknownLocaleError  # noqa: PLC0415 - as above

    try:
        name = Locale.parse(tag, sep="-").get_display_name(get_locale())
    except (UnknownLocaleError, ValueError):
        return tag
    return str(name) if name else tag


def remark_text(remark: Remark) -> str:
    """Return a piece of advice on a caption as a sentence."""
    return str(_ADVICE[remark.advice] % {"number": remark.number, "most": remark.most})


def caption_state_text(status: str) -> str:
    """Return whether captions were read against the film, in words."""
    return str(_CAPTION_STATES.get(status, _CAPTION_STATES["draft"]))


def fault_text(code: str) -> str:
    """Return the sentence of a MediaFault's code."""
    return str(MEDIA_FAULTS[MediaFault(code)])


def processing_text(processing: Processing | None) -> str:
    """Say how far the worker is."""
    if processing is None or processing.given_up:
        return str(_("Processing was given up. Try it once more, or send the file again."))
    if processing.state == JobState.RUNNING:
        return str(_("Being processed: %(percent)s %%", percent=processing.permille // 10))
    if processing.retry_at is not None:
        return str(_("Processing was interrupted and will be tried again by itself."))
    if processing.state == JobState.DONE:
        return str(_("Nearly done."))
    return str(_("Waiting for its turn."))


def _upload_text(error: InvalidInputError) -> str | None:
    if error.code in _UPLOADS:
        sizes = {name: format_bytes(int(str(size))) for name, size in error.facts.items()}
        return str(_UPLOADS[error.code]) % sizes
    if error.code in {fault.value for fault in MediaFault}:
        return fault_text(error.code)
    return None


def refusal_text(error: RefusedError | ForbiddenError | InvalidInputError) -> str | None:
    """Return the sentence for a refusal of this feature, or None."""
    if isinstance(error, RecordingRefusedError) and error.code in _REFUSALS:
        return str(_REFUSALS[error.code])
    if not isinstance(error, InvalidInputError):
        return None
    if error.field == "file" and (sentence := _upload_text(error)) is not None:
        return sentence
    if error.field == "captions" and error.code in {fault.value for fault in CaptionFault}:
        sentence = str(CAPTION_FAULTS[CaptionFault(error.code)]) % dict(error.facts)
        if error.facts.get("more"):
            return sentence + " " + str(_("Further lines: %(count)s.", count=error.facts["more"]))
        return sentence
    return _other_text(error)


def _other_text(error: InvalidInputError) -> str | None:
    if error.code not in _OTHERS:
        return None
    told = str(_OTHERS[error.code])
    return told % dict(error.facts) if error.facts else told
