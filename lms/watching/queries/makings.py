"""Which captions and sounds of a recording its rightsholders let be used."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select

from lms.infra.db import db
from lms.recordings.models import Caption, Recording
from lms.rights.models import Agreement
from lms.rights.queries.adapting import IS_SIGNED, SIGNED_FORM, find_makings, makings_of
from lms.rights.rules.adapting import is_readable, making_of
from lms.watching.rules import Sound


def allowed_captions(
    recording: Recording, captions: Sequence[Caption], at: datetime
) -> list[Caption]:
    """Return those of its captions that may be shown; one query where there are any."""
    if not captions:
        return []
    allowed = find_makings(recording.id, at)
    return [one for one in captions if making_of(recording.language, one.language) in allowed]


def readable_captions(recording: Recording, at: datetime) -> list[Caption]:
    """Return the captions that may be read as a transcript, by language. One query."""
    found = _with_forms(Caption, recording.id)
    allowed = makings_of((form for _caption, form in found), at)
    captions = list(dict.fromkeys(caption for caption, _form in found))
    return [one for one in captions if is_readable(allowed, recording.language, one.language)]


def has_readable_captions(recording: Recording, at: datetime) -> bool:
    """Whether there is a transcript to read. One query."""
    found = _with_forms(Caption.language, recording.id)
    allowed = makings_of((form for _language, form in found), at)
    return any(is_readable(allowed, recording.language, language) for language, _form in found)


def _with_forms(what: Any, recording_id: str) -> list[tuple[Any, tuple[Any, ...]]]:
    """Return captions (or a column of theirs), each once for every signed form beside them."""
    rows = db.session.execute(
        select(what, *SIGNED_FORM)
        .select_from(Caption)
        .outerjoin(Agreement, and_(Agreement.recording_id == Caption.recording_id, IS_SIGNED))
        .where(Caption.recording_id == recording_id)
        .order_by(Caption.language)
    )
    return [(row[0], tuple(row[1:])) for row in rows]


def allowed_sounds(recording: Recording, sounds: Sequence[Sound], at: datetime) -> list[Sound]:
    """Return those of its sounds that may be heard; one query where there are others than its own.

    Another language's sound is a translation, an interpreter's too.
    """
    if all(one.own for one in sounds):
        return list(sounds)
    translated = "translation" in find_makings(recording.id, at)
    return [one for one in sounds if one.own or translated]
