"""The form of an edition that is run again."""

from datetime import date, timedelta

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField

from lms.infra.i18n import LANGUAGES
from lms.infra.web.forms import DayField, TomoniForm
from lms.infra.web.locale import ui_language
from lms.kernel.localized import Localized, localized
from lms.sessions.forms.scheduling import given, line
from lms.sessions.rules.planning import shift_keeping_weekday

A_YEAR = timedelta(weeks=52)
FARTHEST = timedelta(days=3660)


class CloneForm(TomoniForm):
    """The new title, and when it begins."""

    title_ja = line(_l("Title in Japanese"), 200)
    title_en = line(_l("Title in English"), 200)
    first_day = DayField(_l("Begins on"), validators=[given()])
    keep_weekday = BooleanField(
        _l("Keep the days of the week"),
        default=True,
        description=_l("The nearest day that falls on the same day of the week is taken."),
    )

    def title(self) -> Localized:
        """Return the title in every language."""
        return localized(*(str(self[f"title_{tag}"].data or "") for tag in LANGUAGES))

    def shift(self, first: date) -> timedelta | None:
        """Return by how much everything moves when `first` was the first day; None if refused."""
        if not self.title():
            self.refuse(f"title_{ui_language()}", _("Please fill this in."))
            return None
        wanted: date = self.first_day.data
        days = (wanted - first).days
        if self.keep_weekday.data:
            days = shift_keeping_weekday(first, wanted)
        if abs(timedelta(days=days)) > FARTHEST:
            self.refuse("first_day", _("Please choose a day within ten years of the first time."))
            return None
        return timedelta(days=days)


def clone_form(title: Localized, first: date) -> CloneForm:
    """Return the form with the title as it was, a year (52 weeks) later."""
    return CloneForm(
        data={
            **{f"title_{tag}": title.get(tag, "") for tag in LANGUAGES},
            "first_day": first + A_YEAR,
            "keep_weekday": True,
        }
    )
