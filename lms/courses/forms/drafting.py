"""One page a preset, from which a programme, an edition, its parts and meetings are made."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from typing_extensions import override

from lms.courses.forms.fields import (
    ScheduleForm,
    area_field,
    check_web_address,
    must,
    reach_field,
    set_reaches,
    text_field,
)
from lms.courses.models import Kind
from lms.courses.rules import (
    MAX_PARTS,
    EditionPlan,
    MeetingPlan,
    PartPlan,
    ProgrammePlan,
    mode_of,
    series_days,
)
from lms.infra.i18n import LANGUAGES, N_, translate
from lms.infra.web.forms import ClockField, DayField, PlainIntegerField
from lms.infra.web.locale import ui_language
from lms.kernel.localized import Localized

MAX_WEEKS = 52


def _in_all(msgid: str, **params: object) -> Localized:
    return {tag: translate(tag, msgid, **params) for tag in LANGUAGES}


class DraftForm(ScheduleForm):
    """What all presets share. `main` names the preset's own fields on the page, in order.

    Texts stand before them and the seats after them; everything else is folded away.
    """

    kind = Kind.WEB_LECTURE
    texts: tuple[str, ...] = ("title", "purpose", "audience")
    main: tuple[str, ...] = ()
    folded = (
        "edition_title_ja", "edition_title_en", "reach", "languages", "timezone",
        "deadline_on", "deadline_time", "approval",
    )  # fmt: skip

    title_ja = text_field(_l("Title (Japanese)"))
    title_en = text_field(_l("Title (English)"))
    purpose_ja = area_field(_l("Purpose (Japanese)"))
    purpose_en = area_field(_l("Purpose (English)"))
    audience_ja = area_field(_l("Audience (Japanese)"))
    audience_en = area_field(_l("Audience (English)"))
    edition_title_ja = text_field(_l("Name of this edition (Japanese)"))
    edition_title_en = text_field(_l("Name of this edition (English)"))
    reach = reach_field()
    web_url = text_field(_l("Web link"), 1000)
    venue = text_field(_l("Venue"))

    @override
    def __init__(self, *args: Any, with_programme: bool = True, **kwargs: Any) -> None:
        defaults = {
            "languages": [ui_language()],
            "timezone": "Asia/Tokyo",
            "reach": "outside",
            "approval": self.usual_approval,
        }
        super().__init__(*args, **{**defaults, **kwargs})
        set_reaches(self.reach)
        self.web_url.validators = [*self.web_url.validators, check_web_address]
        self.with_programme = with_programme
        if not with_programme:
            self.texts = ()

    usual_approval = "first_come"

    def on_page(self) -> list[Any]:
        """Return the fields that everybody sees, in order."""
        return [*self.own(), *(self[name] for name in self.main), self.capacity]

    def rows(self) -> list[list[Any]]:
        """Return the same fields, those that stand beside each other together."""
        rows: list[list[Any]] = []
        for field in self.on_page():
            short = isinstance(field, DayField | ClockField)
            # A day begins a row; the times that follow it belong to it.
            if (
                short
                and rows
                and isinstance(rows[-1][-1], DayField | ClockField)
                and (isinstance(field, ClockField) or len(rows[-1]) == 1)
            ):
                rows[-1].append(field)
            else:
                rows.append([field])
        return rows

    def folded_fields(self) -> list[Any]:
        """Return the fields that stay out of sight until asked for."""
        names = [n for n in self.folded if self.with_programme or n != "reach"]
        return [*self.others(), *(self[name] for name in names)]

    @override
    def validate(self, extra_validators: Any = None) -> bool:
        fine = bool(super().validate(extra_validators))
        for name in self.texts:
            fine = self.need(name) and fine
        fine = self.check_schedule() and fine
        return fine and self.check_plan()

    def check_plan(self) -> bool:
        """Check the preset's own fields; every single one has been read by now."""
        return True

    def check_hours(self, day: date | None, starts: Any, ends: Any) -> bool:
        """Check that a meeting's times exist and are in order."""
        if day is None or starts.data is None or ends.data is None:
            return True
        first = self.moment_of(day, starts.data, starts.name)
        last = self.moment_of(day, ends.data, ends.name)
        if first is None or last is None:
            return False
        if last <= first:
            self.refuse(ends.name, _("The end must lie after the start."))
            return False
        return True

    def meeting(self, day: date, starts: time, ends: time) -> MeetingPlan:
        """Return the plan of a meeting on that day with the page's link and venue."""
        venue = (self.venue.data or "").strip()
        return MeetingPlan(
            datetime.combine(day, starts),
            datetime.combine(day, ends),
            web_url=(self.web_url.data or "").strip() if "web_url" in self.main else "",
            venue_name={ui_language(): venue} if venue and "venue" in self.main else {},
        )

    def parts(self) -> tuple[PartPlan, ...]:
        """Return the parts that this preset makes."""
        raise NotImplementedError

    def days(self) -> tuple[date | None, date | None]:
        """Return the first and the last day."""
        meetings = [p.meeting for p in self.parts() if p.meeting is not None]
        if not meetings:
            return None, None
        return (
            min(m.starts_local for m in meetings).date(),
            max(m.ends_local for m in meetings).date(),
        )

    def mode(self) -> str:
        """Return how the edition is held."""
        has_venue = "venue" in self.main and bool((self.venue.data or "").strip())
        has_web = "web_url" in self.main and bool((self.web_url.data or "").strip())
        return mode_of(has_venue=has_venue, has_web=has_web)

    def programme_plan(self) -> ProgrammePlan:
        """Return the programme that the page describes."""
        return ProgrammePlan(
            kind=self.kind.value,
            title=self.both("title"),
            purpose=self.both("purpose"),
            audience=self.both("audience"),
            reach=self.reach.data,
            languages=tuple(self.languages.data or ()),
        )

    def edition_plan(self) -> EditionPlan:
        """Return the edition that the page describes.

        Where no deadline was given and the first meeting is known, applications end as it
        begins: a deadline always has a time.
        """
        parts = self.parts()
        first, last = self.days()
        deadline = self.deadline()
        opening = parts[0].meeting if parts else None
        if deadline is None and opening is not None and self.approval.data == "first_come":
            deadline = self.moment_of(
                opening.starts_local.date(), opening.starts_local.time(), "deadline_time"
            )
        return EditionPlan(
            title=self.both("edition_title"),
            mode=self.mode(),
            languages=tuple(self.languages.data or ()),
            parts=parts,
            timezone=self.timezone.data,
            starts_on=first,
            ends_on=last,
            capacity=self.capacity.data,
            apply_until_at=deadline,
            approval=self.approval.data,
        )


class WebLectureForm(DraftForm):
    """One meeting on the web: eight fields on the page."""

    kind = Kind.WEB_LECTURE
    main: tuple[str, ...] = ("day", "starts", "ends", "web_url")
    day = must(DayField, _l("Date"), description=_l("For example 2026-10-12"))
    starts = must(ClockField, _l("Starts at"), description=_l("For example 18:30"))
    ends = must(ClockField, _l("Ends at"), description=_l("For example 20:00"))

    @override
    def check_plan(self) -> bool:
        return self.check_hours(self.day.data, self.starts, self.ends)

    @override
    def parts(self) -> tuple[PartPlan, ...]:
        title = self.both("title") or _in_all(N_("Lecture"))
        return (PartPlan(title, self.meeting(self.day.data, self.starts.data, self.ends.data)),)


class SeriesForm(WebLectureForm):
    """Several meetings on the web at the same hour."""

    kind = Kind.SERIES
    main = ("count", "day", "every_weeks", "starts", "ends", "web_url")
    day = must(DayField, _l("Date of the first part"), description=_l("For example 2026-10-12"))
    count = must(PlainIntegerField, _l("Number of parts"))
    every_weeks = must(PlainIntegerField, _l("Every how many weeks"), default=1)

    @override
    def check_plan(self) -> bool:
        fine = True
        if not 1 <= self.count.data <= MAX_PARTS:
            self.refuse("count", _("From 1 to %(most)s parts are possible.", most=MAX_PARTS))
            fine = False
        if not 1 <= self.every_weeks.data <= MAX_WEEKS:
            self.refuse(
                "every_weeks", _("Please write a number from 1 to %(most)s.", most=MAX_WEEKS)
            )
            fine = False
        if fine and self.day.data.year > 9000:  # noqa: PLR2004 - weeks later must still exist
            self.refuse("day", _("There is no such date or time."))
            fine = False
        if not fine:
            return False
        days = series_days(self.day.data, self.count.data, self.every_weeks.data)
        return all(self.check_hours(day, self.starts, self.ends) for day in days)

    @override
    def parts(self) -> tuple[PartPlan, ...]:
        days = series_days(self.day.data, self.count.data, self.every_weeks.data)
        return tuple(
            PartPlan(
                _in_all(N_("Part %(number)s"), number=number),
                self.meeting(day, self.starts.data, self.ends.data),
            )
            for number, day in enumerate(days, start=1)
        )


class ResidentialForm(DraftForm):
    """Several days at one place. The gathering on the first day becomes a session."""

    kind = Kind.RESIDENTIAL
    usual_approval = "organiser"
    main = ("first_day", "last_day", "starts", "ends", "venue", "stages")
    first_day = must(DayField, _l("First day"), description=_l("For example 2026-10-12"))
    last_day = must(DayField, _l("Last day"))
    starts = must(ClockField, _l("First day: gathering at"))
    ends = must(ClockField, _l("First day: ends at"))
    stages = area_field(
        _l("Stages"), description=_l("One stage a line; each becomes a part. Empty: one part.")
    )

    @override
    def check_plan(self) -> bool:
        fine = self.check_hours(self.first_day.data, self.starts, self.ends)
        if self.last_day.data < self.first_day.data:
            self.refuse("last_day", _("The last day must not lie before the first."))
            fine = False
        if not (self.venue.data or "").strip():
            self.refuse("venue", _("Please fill this in."))
            fine = False
        lines = self._lines()
        if len(lines) > MAX_PARTS:
            self.refuse("stages", _("From 1 to %(most)s parts are possible.", most=MAX_PARTS))
            fine = False
        return fine

    def _lines(self) -> list[str]:
        return [
            line.strip()[:200] for line in (self.stages.data or "").splitlines() if line.strip()
        ]

    @override
    def parts(self) -> tuple[PartPlan, ...]:
        titles: list[Localized] = [{ui_language(): line} for line in self._lines()]
        titles = titles or [_in_all(N_("Whole course"))]
        opening = self.meeting(self.first_day.data, self.starts.data, self.ends.data)
        return tuple(PartPlan(t, opening if n == 0 else None) for n, t in enumerate(titles))

    @override
    def days(self) -> tuple[date | None, date | None]:
        return self.first_day.data, self.last_day.data


class OnRequestForm(DraftForm):
    """A meeting that somebody asked for: the date may still be open."""

    kind = Kind.ON_REQUEST
    main = ("day", "starts", "ends", "venue", "web_url")
    day = DayField(_l("Date"), description=_l("Leave date and times empty while they are open."))
    starts = ClockField(_l("Starts at"))
    ends = ClockField(_l("Ends at"))

    @override
    def check_plan(self) -> bool:
        given = [f for f in (self.day, self.starts, self.ends) if f.data is not None]
        if given and len(given) < 3:  # noqa: PLR2004 - day, start and end
            for field in (self.day, self.starts, self.ends):
                if field.data is None:
                    self.refuse(field.name, _("Please fill this in."))
            return False
        return self.check_hours(self.day.data, self.starts, self.ends)

    @override
    def parts(self) -> tuple[PartPlan, ...]:
        title = self.both("title") or _in_all(N_("Meeting"))
        if self.day.data is None:
            return (PartPlan(title),)
        return (PartPlan(title, self.meeting(self.day.data, self.starts.data, self.ends.data)),)


class StagedForm(DraftForm):
    """A basic stage and a practice stage."""

    kind = Kind.STAGED
    usual_approval = "organiser"
    main = (
        "basic_day", "basic_starts", "basic_ends",
        "practice_day", "practice_starts", "practice_ends", "venue", "web_url",
    )  # fmt: skip
    basic_day = must(DayField, _l("Basic stage: date"))
    basic_starts = must(ClockField, _l("Basic stage: starts at"))
    basic_ends = must(ClockField, _l("Basic stage: ends at"))
    practice_day = must(DayField, _l("Practice stage: date"))
    practice_starts = must(ClockField, _l("Practice stage: starts at"))
    practice_ends = must(ClockField, _l("Practice stage: ends at"))

    @override
    def check_plan(self) -> bool:
        basic = self.check_hours(self.basic_day.data, self.basic_starts, self.basic_ends)
        practice = self.check_hours(
            self.practice_day.data, self.practice_starts, self.practice_ends
        )
        if self.practice_day.data < self.basic_day.data:
            self.refuse("practice_day", _("The practice stage follows the basic stage."))
            return False
        return basic and practice

    @override
    def parts(self) -> tuple[PartPlan, ...]:
        return (
            PartPlan(
                _in_all(N_("Basic stage")),
                self.meeting(self.basic_day.data, self.basic_starts.data, self.basic_ends.data),
            ),
            PartPlan(
                _in_all(N_("Practice stage")),
                self.meeting(
                    self.practice_day.data, self.practice_starts.data, self.practice_ends.data
                ),
            ),
        )


DRAFT_FORMS: Mapping[Kind, type[DraftForm]] = {
    form.kind: form
    for form in (WebLectureForm, SeriesForm, ResidentialForm, OnRequestForm, StagedForm)
}
