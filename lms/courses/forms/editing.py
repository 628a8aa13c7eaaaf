"""Forms to change what exists. `version` is the state that the organiser saw."""

from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from typing_extensions import override
from wtforms import BooleanField, HiddenField, SelectField

from lms.courses.forms.fields import (
    ManyChoices,
    ScheduleForm,
    TextsForm,
    area_field,
    options,
    reach_field,
    set_reaches,
    text_field,
)
from lms.courses.models import Edition, Lesson, Mode, Part, Programme
from lms.courses.operations import EditionSettings, LessonTexts, ProgrammeTexts
from lms.courses.texts import LANGUAGE_NAMES, MODES
from lms.infra.i18n import LANGUAGES
from lms.infra.web.forms import DayField, PlainIntegerField, TomoniForm, version_of

BODY_LENGTH = 60_000


class _Versioned(TextsForm):
    version = HiddenField()

    def seen(self) -> int:
        """Return the version that the page showed; -1, which none has, for anything else."""
        return version_of(self.version)


class EditionForm(_Versioned, ScheduleForm):
    """The settings of an edition."""

    texts = ("title",)
    title_ja = text_field(_l("Name of this edition (Japanese)"))
    title_en = text_field(_l("Name of this edition (English)"))
    mode = SelectField(_l("How it is held"))
    starts_on = DayField(_l("First day"))
    ends_on = DayField(_l("Last day"))

    @override
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.mode.choices = options((mode.value, MODES[mode]) for mode in Mode)

    @override
    def validate(self, extra_validators: Any = None) -> bool:
        fine = bool(super().validate(extra_validators))
        fine = self.need("title") and fine
        fine = self.check_schedule() and fine
        first, last = self.starts_on.data, self.ends_on.data
        if first is not None and last is not None and last < first:
            self.refuse("ends_on", _("The last day must not lie before the first."))
            fine = False
        if last is not None and first is None and not self.starts_on.errors:
            self.refuse("starts_on", _("Please enter the first day too."))
            fine = False
        return fine

    def show(self, edition: Edition) -> None:
        """Fill the form with what is stored."""
        self.fill("title", edition.title)
        self.mode.data = edition.mode
        self.languages.data = edition.languages
        self.starts_on.data, self.ends_on.data = edition.starts_on, edition.ends_on
        self.capacity.data = edition.capacity
        self.approval.data = edition.approval
        self.version.data = str(edition.version)
        if edition.apply_until_at is not None:
            local = edition.apply_until_at.astimezone(ZoneInfo(edition.timezone))
            self.deadline_on.data, self.deadline_time.data = local.date(), local.time()

    def settings(self) -> EditionSettings:
        """Return what was entered; a single day is both first and last."""
        first = self.starts_on.data
        return EditionSettings(
            title=self.both("title"),
            mode=self.mode.data,
            languages=tuple(self.languages.data or ()),
            starts_on=first,
            ends_on=self.ends_on.data or first,
            timezone=self.timezone.data,
            capacity=self.capacity.data,
            apply_until_at=self.deadline(),
            approval=self.approval.data,
        )


class ProgrammeForm(_Versioned):
    """The texts of a programme and who sees it."""

    texts = ("title", "summary", "purpose", "audience")
    title_ja = text_field(_l("Title (Japanese)"))
    title_en = text_field(_l("Title (English)"))
    summary_ja = area_field(_l("Summary (Japanese)"))
    summary_en = area_field(_l("Summary (English)"))
    purpose_ja = area_field(_l("Purpose (Japanese)"))
    purpose_en = area_field(_l("Purpose (English)"))
    audience_ja = area_field(_l("Audience (Japanese)"))
    audience_en = area_field(_l("Audience (English)"))
    reach = reach_field()
    languages = ManyChoices(_l("Languages of the course"), choices=options(LANGUAGE_NAMES.items()))
    leads_to = SelectField(_l("Leads to"), description=_l("The programme that comes after this."))
    takes_requests = BooleanField(
        _l("Unions and regions can ask for a meeting of it"),
        description=_l("Coordinators then find it among the study meetings that can be asked for."),
    )

    @override
    def __init__(self, *args: Any, following: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_reaches(self.reach)
        self.leads_to.choices = options([("", _("Nothing in particular")), *following])

    @override
    def validate(self, extra_validators: Any = None) -> bool:
        fine = bool(super().validate(extra_validators))
        for name in ("title", "purpose", "audience"):
            fine = self.need(name) and fine
        if not self.languages.data:
            self.refuse("languages", _("Please choose at least one language."))
            fine = False
        return fine

    def show(self, programme: Programme) -> None:
        """Fill the form with what is stored."""
        for name in self.texts:
            self.fill(name, getattr(programme, name))
        self.reach.data = programme.reach
        self.languages.data = programme.languages
        self.leads_to.data = programme.leads_to_id or ""
        self.takes_requests.data = programme.takes_requests
        self.version.data = str(programme.version)

    def programme_texts(self) -> ProgrammeTexts:
        """Return what was entered."""
        return ProgrammeTexts(
            title=self.both("title"),
            summary=self.both("summary"),
            purpose=self.both("purpose"),
            audience=self.both("audience"),
            reach=self.reach.data,
            languages=tuple(self.languages.data or ()),
            leads_to_id=self.leads_to.data or None,
            takes_requests=bool(self.takes_requests.data),
        )


class PartForm(_Versioned):
    """Title and summary of a part."""

    texts = ("title", "summary")
    title_ja = text_field(_l("Title (Japanese)"))
    title_en = text_field(_l("Title (English)"))
    summary_ja = area_field(_l("Summary (Japanese)"))
    summary_en = area_field(_l("Summary (English)"))

    @override
    def validate(self, extra_validators: Any = None) -> bool:
        return self.need("title") if super().validate(extra_validators) else False

    def show(self, part: Part) -> None:
        """Fill the form with what is stored."""
        self.fill("title", part.title)
        self.fill("summary", part.summary)
        self.version.data = str(part.version)


class LessonForm(_Versioned):
    """A lesson: Markdown in either language."""

    texts = ("title", "objectives", "body")
    title_ja = text_field(_l("Title (Japanese)"))
    title_en = text_field(_l("Title (English)"))
    objectives_ja = area_field(_l("Aims (Japanese)"), description=_l("One aim a line."))
    objectives_en = area_field(_l("Aims (English)"), description=_l("One aim a line."))
    body_ja = area_field(_l("Text (Japanese)"), BODY_LENGTH)
    body_en = area_field(_l("Text (English)"), BODY_LENGTH)
    minutes = PlainIntegerField(_l("Minutes to read"), default=10)

    @override
    def validate(self, extra_validators: Any = None) -> bool:
        fine = bool(super().validate(extra_validators))
        if not self.minutes.errors and not 1 <= (self.minutes.data or 0) <= 600:  # noqa: PLR2004 - ten hours
            self.refuse("minutes", _("Please write a number of minutes from 1 to 600."))
            fine = False
        return self.need("title") and fine

    def show(self, lesson: Lesson) -> None:
        """Fill the form with what is stored."""
        self.fill("title", lesson.title)
        self.fill("body", lesson.body)
        self.fill("objectives", {tag: "\n".join(a) for tag, a in lesson.objectives.items()})
        self.minutes.data = lesson.minutes
        self.version.data = str(lesson.version)

    def lesson_texts(self) -> LessonTexts:
        """Return what was entered; line ends as Markdown files have them."""
        aims = {
            tag: [
                a.strip() for a in (self[f"objectives_{tag}"].data or "").splitlines() if a.strip()
            ]
            for tag in LANGUAGES
        }
        body = {
            tag: text.replace("\r\n", "\n")
            for tag in LANGUAGES
            if (text := self[f"body_{tag}"].data or "").strip()
        }
        return LessonTexts(
            title=self.both("title"),
            minutes=self.minutes.data or 1,
            objectives={tag: lines for tag, lines in aims.items() if lines},
            body=body,
        )


class MoveForm(TomoniForm):
    """Up or down."""

    way = SelectField(choices=options([("up", ""), ("down", "")]))
