"""The form with which a planned timetable is laid out."""

from collections.abc import Sequence
from datetime import date

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectField

from lms.infra.web.forms import DayField, TomoniForm
from lms.infra.web.locale import ui_language
from lms.kernel.dates import DateFaultError, read_day
from lms.kernel.localized import pick
from lms.sessions.forms.scheduling import clean, given, line, lines
from lms.sessions.operations.laying_out import LayoutPlan
from lms.sessions.queries.venues import VenueRecord
from lms.sessions.rules import YEARS, is_web_link

MOST_SKIPPED = 100


class LayoutForm(TomoniForm):
    """The first day, the days on which nothing is held, and where."""

    first_day = DayField(_l("First day"), validators=[given()])
    skipped = lines(
        _l("Days on which nothing is held"),
        2000,
        description=_l("One date on each line, such as 2026-10-12."),
    )
    venue = SelectField(
        _l("Venue"),
        validate_choice=False,
        filters=[clean],
        description=_l("For what is held in a room. The rooms stand in the plan."),
    )
    web_url = line(
        _l("Web link of the meeting"),
        1000,
        description=_l("For what is held on the web. It can be changed for each session."),
    )

    def set_venues(self, venues: Sequence[VenueRecord]) -> None:
        """Fill the choice of venues."""
        self.venue.choices = [
            ("", str(_("To be set later"))),
            *((one.id, pick(one.name, ui_language()).text) for one in venues),
        ]

    def plan(self, venues: Sequence[VenueRecord]) -> LayoutPlan | None:
        """Return what was entered, or None after refusing what does not fit."""
        skipped = self._days()
        venue = next((one for one in venues if one.id == self.venue.data), None)
        url = str(self.web_url.data or "")
        first: date = self.first_day.data
        fine = skipped is not None
        if self.venue.data and venue is None:
            self.refuse("venue", _("This venue is not on the list any more."))
            fine = False
        if url and not is_web_link(url):
            self.refuse(
                "web_url", _("Please enter a web address that begins with https:// or http://.")
            )
            fine = False
        if first.year not in YEARS:
            self.refuse("first_day", _("Please check the year: it must lie between 2000 and 2100."))
            fine = False
        if not fine or skipped is None:
            return None
        if venue is None:
            return LayoutPlan(first, skipped, web_url=url)
        return LayoutPlan(
            first, skipped, venue.name, venue.address, venue.access, venue.map_url, url
        )

    def _days(self) -> tuple[date, ...] | None:
        texts = [text.strip() for text in str(self.skipped.data or "").splitlines()]
        found: set[date] = set()
        for text in filter(None, texts):
            try:
                found.add(read_day(text))
            except DateFaultError:
                self.refuse("skipped", _("This is not a date: %(text)s", text=text[:40]))
                return None
        if len(found) > MOST_SKIPPED:
            self.refuse("skipped", _("Please write at most %(most)s days.", most=MOST_SKIPPED))
            return None
        return tuple(sorted(found))
