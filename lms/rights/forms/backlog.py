"""Forms of the backlog."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, MultipleFileField
from wtforms import (
    BooleanField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its stubs
from wtforms.validators import InputRequired, Length

from lms.infra.web.forms import DayField, TomoniForm
from lms.recordings.texts import LANGUAGES
from lms.rights.forms.desk import Checks, offered
from lms.rights.rules import Reach
from lms.rights.texts.backlog import OUTCOME_NAMES
from lms.rights.texts.desk import ACTIONS, KINDS

FILM_USES = ("play", "download", "screen")
PAPER_USES = ("display", "download", "print", "screen")
_USES = ("play", "display", "download", "print", "screen")


class PlaceForm(TomoniForm):
    """Where items go that name no course: '', `programme:<id>` or `edition:<id>`."""

    place = SelectField(_l("For rows that name no course"), choices=[])

    def set_places(self, places: Sequence[tuple[str, str]]) -> None:
        """Set what may be chosen: values and names."""
        self.place.choices = [SelectChoice(value, name) for value, name in places]


class SheetForm(PlaceForm):
    """A sheet to be shown before anything is written."""

    sheet = FileField(_l("List (XLSX or CSV)"))


class FilesForm(TomoniForm):
    """Several files at once, found by their names."""

    files = MultipleFileField(_l("Files"))


class HolderForm(TomoniForm):
    """Who holds rights in an item."""

    kind = SelectField(_l("What they hold"), choices=offered(KINDS))
    name = StringField(_l("Rightsholder"), validators=[InputRequired(), Length(max=200)])
    kana = StringField(_l("Kana"), validators=[Length(max=200)])
    organisation = StringField(_l("Organisation"), validators=[Length(max=200)])
    email = StringField(_l("E-mail"), validators=[Length(max=320)])


class _TermsForm(TomoniForm):
    """Which uses, for whom, until when."""

    uses = Checks(_l("Uses"), choices=offered(ACTIONS, _USES))
    reach = SelectField(_l("For whom"), choices=[])
    last_on = DayField(_l("Last day"))

    def set_reaches(self, reaches: Sequence[SelectChoice]) -> None:
        """Set the steps of the ladder that may be chosen."""
        self.reach.choices = list(reaches)

    @property
    def chosen_reach(self) -> Reach:
        """Return the step chosen."""
        return Reach[self.reach.data.upper()]


class LetterForm(_TermsForm):
    """One letter about several items, after the fact."""

    adaptations = Checks(
        _l("Also ask for"),
        choices=[
            SelectChoice("captions", _l("Captions")),
            SelectChoice("translation", _l("Translation")),
            SelectChoice("transcript", _l("Transcript")),
            SelectChoice("summary", _l("Summary")),
        ],
    )
    watermark = BooleanField(_l("Show a watermark with name and time"))
    stream_only = BooleanField(_l("Streaming only, no copies"))
    message = TextAreaField(_l("Words of your own in the letter"), validators=[Length(max=2000)])
    due_on = DayField(_l("Answer asked for by"))
    number = StringField(_l("Number of the letter"), validators=[Length(max=60)])
    language = SelectField(
        _l("Language of the letter"),
        choices=offered(LANGUAGES, ("ja", "en")),
    )


class ShelfAnswerForm(_TermsForm):
    """An answer that came on paper or by telephone, or that nobody could be found."""

    outcome = RadioField(
        _l("Answer"),
        choices=offered(OUTCOME_NAMES),
        validators=[InputRequired(_l("Please choose one of the answers."))],
    )
    signed_on = DayField(_l("Signed on"))
    recording_consent = BooleanField(_l("They agree to have been recorded"))
    note = TextAreaField(_l("Note, or what was done to find them"), validators=[Length(max=2000)])
