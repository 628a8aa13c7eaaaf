"""The form of a series: one session, and the days on which it is held."""

from datetime import date, datetime
from typing import Any

from babel.dates import get_day_names
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from typing_extensions import override
from wtforms import RadioField
from wtforms.validators import Optional

from lms.infra.web.forms import DayField, PlainIntegerField
from lms.infra.web.locale import ui_language
from lms.kernel.dates import DateFaultError, read_day
from lms.sessions.forms.scheduling import ManyChoices, SessionForm, lines
from lms.sessions.operations import SessionPlan
from lms.sessions.operations.series import plan_series
from lms.sessions.queries import EditionDesk
from lms.sessions.queries.groups import list_groups
from lms.sessions.rules.planning import MOST_MEETINGS, weekly_days

WEEKLY, GIVEN = "weekly", "given"


class SeriesForm(SessionForm):
    """A session as an organiser writes it, on several days."""

    pattern = RadioField(_l("Days of the series"), default=WEEKLY)
    day = DayField(_l("First day"), validators=[Optional()])
    weekdays = ManyChoices(_l("Days of the week"), validate_choice=False)
    count = PlainIntegerField(_l("Number of sessions"), validators=[Optional()], default=10)
    days = lines(
        _l("Days of the sessions"),
        2000,
        description=_l("One date on each line, such as 2026-10-12."),
    )
    ends_day = None  # type: ignore[assignment] # WTForms takes the field out; sessions end that day

    @override
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pattern.choices = [
            (WEEKLY, str(_("Every week"))),
            (GIVEN, str(_("On the days that I write down"))),
        ]
        names = get_day_names("wide", locale=ui_language())
        self.weekdays.choices = [(str(number), names[number]) for number in range(7)]
        if not self.is_submitted():
            self.weekdays.data = self.weekdays.data or []

    def plans(self) -> tuple[SessionPlan, ...] | None:
        """Return the sessions that were asked for, or None after refusing what does not fit."""
        days = self._given_days() if self.pattern.data == GIVEN else self._weekly_days()
        if not days:
            return None
        plan = self.plan_on(days[0])
        return plan_series(plan, days) if plan is not None else None

    def plan_on(self, day: date) -> SessionPlan | None:
        """Return what was entered, for one day."""
        return self.plan_between(
            datetime.combine(day, self.starts.data), datetime.combine(day, self.ends.data)
        )

    def _weekly_days(self) -> tuple[date, ...]:
        first, count = self.day.data, self.count.data
        if first is None:
            self.refuse("day", _("Please fill this in."))
            return ()
        if count is None or not 1 <= count <= MOST_MEETINGS:
            self.refuse("count", _("Please write a number between 1 and %(most)s.",
                                   most=MOST_MEETINGS))  # fmt: skip
            return ()
        if not 2000 <= first.year < 2100:  # noqa: PLR2004 - as `judge_times`
            self.refuse("day", _("Please check the year: it must lie between 2000 and 2100."))
            return ()
        weekdays = {int(text) for text in self.weekdays.data or () if text in set("0123456")}
        return weekly_days(first, weekdays or {first.weekday()}, count)

    def _given_days(self) -> tuple[date, ...]:
        texts = [text.strip() for text in str(self.days.data or "").splitlines() if text.strip()]
        found: set[date] = set()
        for text in texts:
            try:
                found.add(read_day(text))
            except DateFaultError:
                self.refuse("days", _("This is not a date: %(text)s", text=text[:40]))
                return ()
        if not 1 <= len(found) <= MOST_MEETINGS:
            self.refuse("days", _("Please write between 1 and %(most)s days.",
                                  most=MOST_MEETINGS))  # fmt: skip
            return ()
        return tuple(sorted(found))


def series_form(edition: EditionDesk, parts: Any) -> SeriesForm:
    """Return the form for a series, in the edition's zone."""
    form = SeriesForm()
    if not form.is_submitted():
        form.timezone.data = edition.timezone
    form.set_parts(parts)
    form.set_groups(list_groups(edition.edition_id))
    return form
