"""Forms of recordings and handouts."""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its stubs
from wtforms.validators import InputRequired, Length

from lms.infra.web.forms import TomoniForm
from lms.recordings.errors import CaptionFault, MediaFault
from lms.recordings.models import MediaKind
from lms.recordings.rules import LONGEST_ADDRESS
from lms.recordings.texts import CAPTION_FAULTS, KINDS, LANGUAGES, MEDIA_FAULTS

_TITLE = 200


def _languages() -> list[Any]:
    return [SelectChoice(tag, name) for tag, name in LANGUAGES.items()]


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

    file = FileField(_l("File"), validators=[FileRequired(MEDIA_FAULTS[MediaFault.MISSING])])


class CaptionForm(TomoniForm):
    """Captions in one language."""

    caption_language = SelectField(_l("Language of the captions"), choices=_languages())
    captions = FileField(
        _l("Caption file"), validators=[FileRequired(CAPTION_FAULTS[CaptionFault.MISSING])]
    )
