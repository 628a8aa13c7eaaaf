"""Fields that several forms of courses share."""

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from typing_extensions import override
from wtforms import SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its stubs
from wtforms.validators import Length, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from lms.courses.models import Approval, Reach
from lms.courses.operations.editions import MAX_CAPACITY
from lms.courses.texts import APPROVALS, LANGUAGE_NAMES, reach_words
from lms.infra.i18n import LANGUAGES
from lms.infra.web.formats import zone_label
from lms.infra.web.forms import ClockField, DayField, PlainIntegerField, TomoniForm
from lms.infra.web.locale import ui_language
from lms.kernel.localized import Localized, localized
from lms.kernel.wall import WallTime, WallTimeError, is_zone

TITLE_LENGTH = 200
TEXT_LENGTH = 4000
ZONES = (
    "Asia/Tokyo", "Asia/Kuala_Lumpur", "Asia/Bangkok", "Asia/Jakarta", "Asia/Singapore",
    "Asia/Manila", "Europe/Zurich", "UTC",
)  # fmt: skip


def options(pairs: Iterable[tuple[str, Any]]) -> list[Any]:
    """Return the choices of a field from values and their words."""
    return [SelectChoice(value, words) for value, words in pairs]


def too_long(most: int) -> Length:
    """Refuse a text that does not fit."""
    return Length(max=most, message=_l("At most %(max)d characters fit here."))


def without_nul(text: str | None) -> str | None:
    """Drop a character that nobody types and PostgreSQL refuses in any text."""
    return text.replace("\0", "") if text else text


def text_field(label: Any, most: int = TITLE_LENGTH, **more: Any) -> StringField:
    """Return one line of text."""
    checks = [Optional(), too_long(most)]
    return StringField(label, validators=checks, filters=[without_nul], **more)


def area_field(label: Any, most: int = TEXT_LENGTH, **more: Any) -> TextAreaField:
    """Return several lines of text."""
    checks = [Optional(), too_long(most)]
    return TextAreaField(label, validators=checks, filters=[without_nul], **more)


def check_web_address(_form: Any, field: Any) -> None:
    """Refuse what is no web address that a browser opens."""
    text = (field.data or "").strip()
    if not text:
        return
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable or any(c.isspace() for c in text):
        raise ValidationError(_("Please enter a web address that begins with https://."))


def check_capacity(_form: Any, field: Any) -> None:
    """Refuse a number of seats that no edition has."""
    if field.data is not None and not 1 <= field.data <= MAX_CAPACITY:
        raise ValidationError(_("Please write a number from 1 to %(most)s.", most=MAX_CAPACITY))


def check_given(_form: Any, field: Any) -> None:
    """Refuse an empty field; a fault found in reading it is told instead."""
    if field.data in (None, "") and not field.errors:
        raise ValidationError(_("Please fill this in."))


def must(field_class: Any, label: Any, **more: Any) -> Any:
    """Return a required field of any of our classes."""
    return field_class(label, validators=[_Given()], **more)


class _Given:
    """`check_given`, which also marks the field as required."""

    field_flags = {"required": True}  # noqa: RUF012 - WTForms' own hook

    def __call__(self, form: Any, field: Any) -> None:
        check_given(form, field)


class ManyChoices(SelectMultipleField):
    """Check boxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class TextsForm(TomoniForm):
    """A form with texts in every language: fields `<name>_<language>`.

    The reader's own language is on the page; the others stay folded.
    """

    texts: tuple[str, ...] = ()
    needed: tuple[str, ...] = ("title", "purpose", "audience")

    def own(self) -> list[Any]:
        """Return the text fields in the reader's language, those needed marked as required."""
        fields = {name: self[f"{name}_{ui_language()}"] for name in self.texts}
        for name in self.needed:
            if name in fields:
                fields[name].flags.required = True
        return list(fields.values())

    def others(self) -> list[Any]:
        """Return the text fields in the other languages."""
        tags = [tag for tag in LANGUAGES if tag != ui_language()]
        return [self[f"{name}_{tag}"] for tag in tags for name in self.texts]

    def both(self, name: str) -> Localized:
        """Return what was entered under a name, in every language."""
        return localized(self[f"{name}_ja"].data or "", self[f"{name}_en"].data or "")

    def need(self, name: str) -> bool:
        """Refuse, at the reader's own field, when no language was filled in."""
        if self.both(name):
            return True
        self.refuse(f"{name}_{ui_language()}", _("Please fill this in."))
        return False

    def fill(self, name: str, value: Localized) -> None:
        """Show what is stored."""
        for tag in LANGUAGES:
            self[f"{name}_{tag}"].data = value.get(tag, "")


class ScheduleForm(TextsForm):
    """What every edition has: languages, zone, seats, deadline, approval."""

    languages = ManyChoices(_l("Languages of the course"), choices=options(LANGUAGE_NAMES.items()))
    timezone = SelectField(_l("Time zone"), validate_choice=False)
    capacity = PlainIntegerField(
        _l("Seats"),
        validators=[check_capacity],
        description=_l("Leave empty when there is no limit."),
    )
    deadline_on = DayField(_l("Deadline for applications: day"))
    deadline_time = ClockField(_l("Deadline for applications: time"))
    approval = SelectField(_l("How an application becomes a seat"))

    @override
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.approval.choices = options((a.value, APPROVALS[a]) for a in Approval)
        zones = list(ZONES)
        if self.timezone.data and is_zone(self.timezone.data) and self.timezone.data not in zones:
            zones.append(self.timezone.data)
        self.timezone.choices = options((z, zone_label(ZoneInfo(z), ui_language())) for z in zones)

    def check_schedule(self) -> bool:
        """Check what belongs together: the zone, and a deadline with both day and time."""
        fine = True
        if not is_zone(self.timezone.data or ""):
            self.refuse("timezone", _("This time zone is not known."))
            fine = False
        if not self.languages.data:
            self.refuse("languages", _("Please choose at least one language."))
            fine = False
        day, clock = self.deadline_on, self.deadline_time
        if day.data is not None and clock.data is None and not clock.errors:
            self.refuse("deadline_time", _("A deadline always has a time."))
            fine = False
        if clock.data is not None and day.data is None and not day.errors:
            self.refuse("deadline_on", _("Please enter the day of the deadline too."))
            fine = False
        if fine and day.data is not None and not (day.errors or clock.errors):
            fine = self.moment_of(day.data, clock.data, "deadline_time") is not None
        return fine

    def moment_of(self, day: date, at: time, field: str) -> datetime | None:
        """Return the moment of a local day and time in the form's zone; None after refusing."""
        try:
            return WallTime(datetime.combine(day, at), self.timezone.data).instant()
        except (WallTimeError, OverflowError):
            self.refuse(field, _("There is no such date or time."))
            return None

    def deadline(self) -> datetime | None:
        """Return the deadline as a moment, or None when none was given."""
        if self.deadline_on.data is None or self.deadline_time.data is None:
            return None
        return WallTime(
            datetime.combine(self.deadline_on.data, self.deadline_time.data), self.timezone.data
        ).instant()


def reach_field() -> SelectField:
    """Return the choice of who sees a programme; its words are the federation's own."""
    return SelectField(
        _l("Who sees it in the catalogue"), validate_choice=False, validators=[_known_reach]
    )


def set_reaches(field: SelectField) -> None:
    """Fill the choices in the federation's words, widest last."""
    words = reach_words()
    field.choices = options((reach.value, words[reach]) for reach in Reach)


def _known_reach(_form: Any, field: Any) -> None:
    if field.data not in {reach.value for reach in Reach}:
        raise ValidationError(_("Please choose one of these."))
