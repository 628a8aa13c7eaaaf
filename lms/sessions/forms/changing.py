"""Forms for a day that goes otherwise, for reminders and for one's own calendar."""

from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its stubs
from wtforms.validators import InputRequired, Length, Optional

from lms.infra.i18n import LANGUAGES
from lms.infra.web.forms import ClockField, DayField, TomoniForm
from lms.infra.web.locale import ui_language
from lms.kernel.localized import Localized, localized
from lms.sessions.operations import ChangeKind, MovePlan
from lms.sessions.queries import SessionCard
from lms.sessions.queries.reminding import Reminders

LONGEST_MESSAGE = 500


def _clean(text: str | None) -> str | None:
    if text is None:
        return None
    return "".join(c for c in text if c in "\n\t" or c.isprintable()).strip()


def _fits(most: int) -> Length:
    return Length(max=most, message=_l("Please use at most %(max)d characters."))


def _line(label: Any, most: int, **more: Any) -> StringField:
    return StringField(label, validators=[_fits(most)], filters=[_clean], **more)


def _lines(label: Any, most: int) -> TextAreaField:
    return TextAreaField(label, validators=[_fits(most)], filters=[_clean])


class ChangeForm(TomoniForm):
    """What becomes of a session, and what is said about it."""

    kind = RadioField(
        _l("What changes"),
        choices=[
            SelectChoice(ChangeKind.MOVED.value, _l("Another time or another place")),
            SelectChoice(ChangeKind.WEB_ONLY.value, _l("On the web only")),
            SelectChoice(ChangeKind.CANCELLED.value, _l("It is cancelled")),
        ],
        validators=[InputRequired(message=_l("Please choose what changes."))],
    )
    day = DayField(_l("Day"), validators=[Optional()])
    starts = ClockField(_l("Starts"), validators=[Optional()])
    ends = ClockField(_l("Ends"), validators=[Optional()])
    ends_day = DayField(
        _l("Day of the end"),
        validators=[Optional()],
        description=_l("Only when it ends on another day."),
    )
    timezone = _line(
        _l("Time zone"),
        64,
        description=_l("The zone of the place, such as Asia/Tokyo. Times are meant there."),
    )
    venue_name_ja = _line(_l("Venue in Japanese"), 200)
    venue_name_en = _line(_l("Venue in English"), 200)
    room_ja = _line(_l("Room in Japanese"), 200)
    room_en = _line(_l("Room in English"), 200)
    venue_address_ja = _line(_l("Address in Japanese"), 300)
    venue_address_en = _line(_l("Address in English"), 300)
    venue_access_ja = _lines(_l("How to get there, in Japanese"), 2000)
    venue_access_en = _lines(_l("How to get there, in English"), 2000)
    map_url = _line(_l("Link to a map"), 500)
    message_ja = _lines(_l("A few words in Japanese"), LONGEST_MESSAGE)
    message_en = _lines(_l("A few words in English"), LONGEST_MESSAGE)

    def both(self, name: str) -> Localized:
        """Return what was entered under a name, in every language."""
        return localized(*(str(self[f"{name}_{tag}"].data or "") for tag in LANGUAGES))

    def chosen(self) -> ChangeKind:
        """Return what was chosen; the form is valid."""
        return ChangeKind(self.kind.data)

    def move(self) -> MovePlan | None:
        """Return when and where it is held now; None, with errors, when a time is left out."""
        for field in (self.day, self.starts, self.ends):
            if field.data is None:
                self.refuse(field.name, _l("Please fill this in."))
        if self.errors:
            return None
        first: date = self.day.data
        last: date = self.ends_day.data or first
        return MovePlan(
            starts_local=datetime.combine(first, self.starts.data),
            ends_local=datetime.combine(last, self.ends.data),
            timezone=str(self.timezone.data or ""),
            venue_name=self.both("venue_name"),
            room=self.both("room"),
            venue_address=self.both("venue_address"),
            venue_access=self.both("venue_access"),
            map_url=str(self.map_url.data or ""),
        )

    def refuse_input(self, field: str, sentence: str) -> None:
        """Put the sentence of a rule at its field."""
        self.refuse({"title": f"title_{ui_language()}"}.get(field, field), sentence)


def change_form(card: SessionCard) -> ChangeForm:
    """Return the form with the time and place that stand (or with what was just entered)."""
    first, last = card.starts_local.date(), card.ends_local.date()
    return ChangeForm(
        data={
            **{
                f"{name}_{tag}": value.get(tag, "")
                for name, value in (
                    ("venue_name", card.venue_name),
                    ("room", card.room),
                    ("venue_address", card.venue_address),
                    ("venue_access", card.venue_access),
                )
                for tag in LANGUAGES
            },
            "day": first,
            "starts": card.starts_local.time(),
            "ends": card.ends_local.time(),
            "ends_day": last if last != first else None,
            "timezone": card.timezone,
            "map_url": card.map_url,
        }
    )


class RemindersForm(TomoniForm):
    """Which reminders go out."""

    week = BooleanField(_l("A week before"))
    day = BooleanField(_l("A day before"))
    hour = BooleanField(_l("An hour before"))

    def wanted(self) -> Reminders:
        """Return what was chosen."""
        return Reminders(bool(self.week.data), bool(self.day.data), bool(self.hour.data))


def reminders_form(now: Reminders) -> RemindersForm:
    """Return the form with what is on (or with what was just chosen)."""
    return RemindersForm(data={"week": now.week, "day": now.day, "hour": now.hour})
