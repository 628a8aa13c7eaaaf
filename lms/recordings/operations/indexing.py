"""Keeping the words of captions searchable."""

from sqlalchemy import select

from lms.infra.db import db
from lms.recordings.models import Caption, Recording, Stage, TranscriptIndex
from lms.recordings.rules import index_cues, parse_cues


def index_transcripts(recording_id: str) -> None:
    """Write anew by which words the captions of a recording are found; none for what is gone.

    Called in every transaction that changes captions. Costs two queries, and one more for each
    language that changed.
    """
    recording = db.session.get(Recording, recording_id)
    gone = recording is None or recording.stage in {
        Stage.DELETED,
        Stage.DESTROYED,
    }
    captions = (
        []
        if gone
        else db.session.scalars(select(Caption).where(Caption.recording_id == recording_id)).all()
    )
    kept = {
        row.language: row
        for row in db.session.scalars(
            select(TranscriptIndex).where(TranscriptIndex.recording_id == recording_id)
        )
    }
    for caption in captions:
        words = index_cues(parse_cues(caption.vtt))
        row = kept.pop(caption.language, None)
        if row is None:
            db.session.add(
                TranscriptIndex(recording_id=recording_id, language=caption.language, words=words)
            )
        elif row.words != words:
            row.words = words
    for row in kept.values():
        db.session.delete(row)
    db.session.flush()
