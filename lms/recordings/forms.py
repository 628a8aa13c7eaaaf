"""Forms of recordings and handouts."""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its stubs
from wtforms.validators import InputRequired, Length

from lms.infra.web.forms import TomoniForm, version_of
from lms.recordings.errors import CaptionFault, MediaFault
from lms.recordings.models import MediaKind
from lms.recordings.rules import LONGEST_ADDRESS
from lms.recordings.texts import CAPTION_FAULTS, KINDS, LANGUAGES, MEDIA_FAULTS

#: In place of an upload's id: say what would be wrong, before a large file is sent.
CHECK_ONLY = "check"

_TITLE = 200


def _languages() -> list[Any]:
    return [SelectChoice(tag, name) for tag, name in LANGUAGES.items()]


class SentFileRequired(FileRequired):  # type: ignore[misc] # Flask-WTF ships no types
    """A file must be there: in the form, or as an upload that `upload` names."""

    def __call__(self, form: Any, field: Any) -> None:
        """Raise StopValidation when there is neither."""
        if not form.upload.data:
            super().__call__(form, field)


class DetailsForm(TomoniForm):
    """Title, language and place; `place` is empty, `part:<id>` or `session:<id>`."""

    title_ja = StringField(_l("Title in Japanese"), validators=[Length(max=_TITLE)])
    title_en = StringField(_l("Title in English"), validators=[Length(max=_TITLE)])
    language = SelectField(_l("Language spoken or written"), choices=_languages())
    place = SelectField(_l("Belongs to"), choices=[])

    def set_places(self, places: Sequence[tuple[str, str]]) -> None:
        """Set what may be chosen as a place: values and names."""
        self.place.choices = [SelectChoice(value, name) for value, name in places]


class RecordingForm(DetailsForm):
    """A new recording or handout; its file may come later."""

    kind = RadioField(
        _l("Kind"),
        choices=[
            SelectChoice(kind.value, name) for kind, name in KINDS.items() if kind != MediaKind.LINK
        ],  # what is held elsewhere has an address in place of a file, and a form of its own
        default=MediaKind.VIDEO.value,
        validators=[InputRequired()],
    )
    file = FileField(_l("File"))
    upload = HiddenField()  # the id of a file that came in pieces before, or CHECK_ONLY


class LinkForm(DetailsForm):
    """A recording held elsewhere: its address, and what staff write about it."""

    address = StringField(
        _l("Address (https://…)"), validators=[InputRequired(), Length(max=LONGEST_ADDRESS)]
    )


class AddressForm(TomoniForm):
    """Another address of a recording held elsewhere."""

    address = StringField(
        _l("Address (https://…)"), validators=[InputRequired(), Length(max=LONGEST_ADDRESS)]
    )


class FileForm(TomoniForm):
    """A file for a recording that is there already."""

    file = FileField(_l("File"), validators=[SentFileRequired(MEDIA_FAULTS[MediaFault.MISSING])])
    upload = HiddenField()  # as in RecordingForm
    note = TextAreaField(_l("What changed?"), validators=[Length(max=1000)])


class VersionNoteForm(TomoniForm):
    """What changed with a version, told to those who are enrolled."""

    note = TextAreaField(_l("What changed?"), validators=[Length(max=1000)])


class TrackForm(TomoniForm):
    """Another language's sound. `other_language`, a tag, is taken before the chosen one."""

    track_language = SelectField(_l("Language"), choices=_languages())
    other_language = StringField(_l("Another language (tag)"), validators=[Length(max=35)])
    shift = StringField(_l("Begins how many seconds after the film"), validators=[Length(max=12)])
    file = FileField(_l("File"), validators=[SentFileRequired(MEDIA_FAULTS[MediaFault.MISSING])])
    upload = HiddenField()  # as in RecordingForm


class ShiftForm(TomoniForm):
    """Another language's sound moved against the film."""

    shift = StringField(_l("Begins how many seconds after the film"), validators=[Length(max=12)])


class CopyForm(TomoniForm):
    """What a copy to take away leaves out: one range a line."""

    cuts = TextAreaField(_l("Leave out"), validators=[Length(max=10_000)])


class ChaptersForm(TomoniForm):
    """All chapters, one a line."""

    chapters = TextAreaField(_l("Chapters"), validators=[Length(max=60_000)])


class CaptionTextForm(TomoniForm):
    """Captions as they are edited, whole; `revision` is the number of what was edited."""

    captions = TextAreaField(_l("Captions (WebVTT)"))
    revision = HiddenField()
    reviewed = BooleanField(_l("I have read them against the film"))

    @property
    def edited(self) -> int:
        """The revision that was edited, or -1 for what is no number."""
        return version_of(self.revision)


class CaptionForm(TomoniForm):
    """Captions in one language. `other_language`, a tag, is taken before the chosen one."""

    caption_language = SelectField(_l("Language of the captions"), choices=_languages())
    other_language = StringField(_l("Another language (tag)"), validators=[Length(max=35)])
    machine = BooleanField(_l("A program wrote them; nobody has checked them yet"))
    captions = FileField(
        _l("Caption file"),
        validators=[FileRequired(CAPTION_FAULTS[CaptionFault.MISSING])],
        id="caption-file",
    )
