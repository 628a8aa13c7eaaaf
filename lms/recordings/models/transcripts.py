"""The table by which transcripts are searched."""

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lms.infra.db import Model


class TranscriptIndex(Model):
    """The words of the captions in one language, as `rules.index_cues` writes them.

    Derived: written anew whenever the captions change. What of it a viewer may learn is decided
    cue by cue when it is searched.
    """

    __tablename__ = "transcript_index"

    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"), primary_key=True)
    language: Mapped[str] = mapped_column(String(20), primary_key=True)
    words: Mapped[str] = mapped_column(Text)
