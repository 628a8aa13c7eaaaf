"""Forms of requests for study meetings: asking, answering, talking."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from typing_extensions import override
from wtforms import HiddenField, RadioField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its stubs
from wtforms.validators import Optional

from lms.courses.forms.fields import ZONES
from lms.courses.texts import LANGUAGE_NAMES
from lms.infra.i18n import LANGUAGES
from lms.infra.web.formats import zone_label
from lms.infra.web.forms import ClockField, DayField, PlainIntegerField, TomoniForm, version_of
from lms.infra.web.locale import ui_language
from lms.kernel.ids import PersonId
from lms.kernel.localized import Localized, localized, pick
from lms.kernel.wall import is_zone
from lms.people.queries import find_account
from lms.requests.models import MeetingRequest
from lms.requests.operations import Acceptance, RequestPlan
from lms.requests.queries import wished_dates
from lms.requests.rules import MAX_DATES, MAX_MESSAGE, MAX_TEXT, Source, Way, WishedDate
from lms.requests.texts import SOURCES, WAYS
from lms.sessions.forms.scheduling import ManyChoices, given, line, lines
from lms.sessions.operations.scheduling import SpeakerPlan

MAX_SEATS = 100_000
OTHER = "other"


def _choices(pairs: Iterable[tuple[str, Any]]) -> list[Any]:
    return [SelectChoice(value, words) for value, words in pairs]


def _set_zones(field: SelectField) -> None:
    zones = list(ZONES)
    if field.data and is_zone(str(field.data)) and field.data not in zones:
        zones.append(str(field.data))
    field.choices = _choices((zone, zone_label(ZoneInfo(zone), ui_language())) for zone in zones)


def _day(number: int) -> DayField:
    hint = _l("For example 2026-10-12")
    return DayField(_l("Wished-for date %(number)s", number=number), description=hint)


class _Versioned(TomoniForm):
    version = HiddenField()

    def seen(self) -> int:
        """Return the version that the page showed; -1, which none has, for anything else."""
        return version_of(self.version)


class _Placed(_Versioned):
    """What asking and accepting share."""

    timezone = SelectField(_l("Time zone"), validate_choice=False)
    languages = ManyChoices(_l("Language of the meeting"), choices=_choices(LANGUAGE_NAMES.items()))

    def _when(self, day: Any, starts: Any, ends: Any) -> WishedDate | None:
        """Return a date whose three fields are filled in; refuse one of which some are empty."""
        fields = (day, starts, ends)
        empty = [field for field in fields if field.data is None and not field.errors]
        if empty and len(empty) < len(fields):
            for field in empty:
                self.refuse(field.name, _("Please fill this in."))
        if any(field.data is None for field in fields):
            return None
        on: date = day.data
        begins: time = starts.data
        until: time = ends.data
        return WishedDate(datetime.combine(on, begins), datetime.combine(on, until))


class RequestForm(_Placed):
    """A request as a coordinator writes it, on a telephone first of all."""

    organisation_id = SelectField(_l("Organisation that asks"), validate_choice=False)
    programme_id = SelectField(_l("What is it to be about?"), validate_choice=False)
    theme = line(
        _l("Theme"), 200, description=_l("Needed where none of the programmes is what you want.")
    )
    purpose = lines(
        _l("What is it for?"),
        MAX_TEXT,
        description=_l("Who is to learn what, and why now. The speaker prepares by it."),
    )
    day_1, day_2, day_3 = _day(1), _day(2), _day(3)
    starts_1, starts_2, starts_3 = (ClockField(_l("Starts at")) for _time in range(MAX_DATES))
    ends_1, ends_2, ends_3 = (ClockField(_l("Ends at")) for _time in range(MAX_DATES))
    way = RadioField(_l("How is it to be held?"), validate_choice=False)
    place = line(_l("Place"), 300, description=_l("Town and, if there is one already, the hall."))
    people = PlainIntegerField(_l("How many people, about?"), validators=[given()])
    speaker = line(_l("Speaker you wish for"), 300, description=_l("A name, or a field of work."))
    contact_name = line(_l("Contact: name"), 120)
    contact_phone = line(_l("Contact: telephone"), 40)
    contact_address = line(_l("Contact: mail address"), 320)
    remarks = lines(_l("Remarks"), MAX_TEXT)
    source = SelectField(_l("How did the request reach you?"), validate_choice=False)

    @override
    def __init__(
        self,
        *args: Any,
        organisations: Sequence[tuple[str, str]],
        programmes: Sequence[tuple[str, Localized]],
        by_hand: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._dates: list[WishedDate | None] = []
        self._organisations = {key for key, _name in organisations}
        self.organisation_id.choices = _choices(
            organisations if len(organisations) == 1 else [("", _("Please choose")), *organisations]
        )
        self.programme_id.choices = _choices(
            [
                *((key, pick(title, ui_language()).text) for key, title in programmes),
                ("", _("Another theme")),
            ]
        )
        self.way.choices = _choices((way.value, WAYS[way]) for way in Way)
        # What a coordinator wrote here came by no other way.
        self.source.choices = _choices(
            (one.value, SOURCES[one]) for one in Source if one is not Source.BROWSER
        )
        _set_zones(self.timezone)
        for name in ("organisation_id", "purpose", "contact_name"):
            self[name].flags.required = True
        if not by_hand:
            del self.source

    @override
    def validate(self, extra_validators: Any = None) -> bool:
        """Validate; what is missing is told all at once."""
        super().validate(extra_validators)
        if self.organisation_id.data not in self._organisations:
            self.refuse("organisation_id", _("Please choose one of these."))
        needed = ["purpose", "contact_name"]
        if not self.programme_id.data:
            needed.append("theme")
        if self.way.data != Way.WEB:
            needed.append("place")
        for name in needed:
            if not self[name].data and not self[name].errors:
                self.refuse(name, _("Please fill this in."))
        if not self.contact_phone.data and not self.contact_address.data:
            self.refuse("contact_phone", _("Please give a telephone number or an address."))
        self._dates = [self._when(*fields) for fields in self.dates]
        return not self.errors

    @property
    def dates(self) -> list[tuple[Any, Any, Any]]:
        """The fields of the wished-for dates, three each."""
        return [
            (self[f"day_{n}"], self[f"starts_{n}"], self[f"ends_{n}"])
            for n in range(1, MAX_DATES + 1)
        ]

    def show(self, request: MeetingRequest) -> None:
        """Fill the form with what is stored."""
        for name in (
            "organisation_id", "theme", "purpose", "way", "place", "people", "languages",
            "speaker", "contact_name", "contact_phone", "contact_address", "remarks", "timezone",
        ):  # fmt: skip
            self[name].data = getattr(request, name)
        self.programme_id.data = request.programme_id or ""
        if "source" in self:
            self.source.data = request.source
        for fields, wished in zip(self.dates, wished_dates(request), strict=False):
            day, starts, ends = fields
            day.data, starts.data = wished.starts_local.date(), wished.starts_local.time()
            ends.data = wished.ends_local.time()
        self.version.data = str(request.version)
        _set_zones(self.timezone)

    def plan(self) -> RequestPlan:
        """Return what was entered in a valid form."""
        return RequestPlan(
            organisation_id=str(self.organisation_id.data or ""),
            programme_id=str(self.programme_id.data or "") or None,
            theme=str(self.theme.data or ""),
            purpose=str(self.purpose.data or ""),
            dates=tuple(one for one in self._dates if one is not None),
            timezone=str(self.timezone.data or ""),
            way=str(self.way.data or ""),
            place=str(self.place.data or ""),
            people=int(self.people.data or 0),
            languages=tuple(self.languages.data or ()),
            speaker=str(self.speaker.data or ""),
            contact_name=str(self.contact_name.data or ""),
            contact_phone=str(self.contact_phone.data or ""),
            contact_address=str(self.contact_address.data or ""),
            remarks=str(self.remarks.data or ""),
            written_in=ui_language(),
            source=str(self.source.data) if "source" in self else Source.BROWSER,
        )


def _message(label: Any, **more: Any) -> TextAreaField:
    return lines(label, MAX_MESSAGE, **more)


class MessageForm(TomoniForm):
    """A short message to the other side."""

    text = _message(_l("Your message"))


class DeclineForm(_Versioned):
    """Saying no, with the reason."""

    reason = _message(_l("Reason"), description=_l("Those who asked read it."), id="decline-reason")


class AcceptForm(_Placed):
    """Saying yes: the edition and its session that are made of the request."""

    choice = RadioField(_l("Which date?"), validate_choice=False)
    day = DayField(_l("Day"), description=_l("For example 2026-10-12"))
    starts = ClockField(_l("Starts at"))
    ends = ClockField(_l("Ends at"))
    programme_id = SelectField(_l("Programme"), validate_choice=False)
    title_ja = line(_l("Name of this edition (Japanese)"), 200)
    title_en = line(_l("Name of this edition (English)"), 200)
    mode = RadioField(_l("How it is held"), validate_choice=False)
    venue_ja = line(_l("Venue in Japanese"), 200)
    venue_en = line(_l("Venue in English"), 200)
    web_url = line(
        _l("Web link of the meeting"),
        1000,
        description=_l("It can be added later. Only organisers see it."),
    )
    capacity = PlainIntegerField(
        _l("Seats"),
        validators=[Optional()],
        description=_l("Leave empty when there is no limit."),
    )
    speaker = line(
        _l("Speaker"),
        320,
        description=_l("The sign-in id or address of somebody with an account, or a name."),
    )
    message = _message(_l("A word to those who asked"))

    @override
    def __init__(
        self,
        *args: Any,
        dates: Sequence[tuple[WishedDate, str]],
        programmes: Sequence[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._dates = [wished for wished, _words in dates]
        self._programmes = {key for key, _title in programmes}
        self._when_held: WishedDate | None = None
        numbered = [(str(n), words) for n, (_wished, words) in enumerate(dates, start=1)]
        self.choice.choices = _choices([*numbered, (OTHER, _("Another date"))])
        self.programme_id.choices = _choices(programmes)
        self.mode.choices = _choices((way.value, WAYS[way]) for way in Way)
        _set_zones(self.timezone)

    def _title(self) -> Localized:
        return localized(*(str(self[f"title_{tag}"].data or "") for tag in LANGUAGES))

    def _chosen(self) -> WishedDate | None:
        chosen = str(self.choice.data or "")
        if chosen == OTHER:
            when = self._when(self.day, self.starts, self.ends)
            if when is None and not self.errors:
                self.refuse("day", _("Please fill this in."))
            return when
        if chosen.isascii() and chosen.isdigit() and 1 <= int(chosen[:3]) <= len(self._dates):
            return self._dates[int(chosen[:3]) - 1]
        self.refuse("choice", _("Please choose one of these."))
        return None

    def _speaker(self) -> SpeakerPlan | None:
        text = str(self.speaker.data or "")
        if not text:
            return None
        account = find_account(text)
        if account is not None:
            return SpeakerPlan(PersonId(account.person_id))
        return SpeakerPlan(None, {ui_language(): text[:120]})

    @override
    def validate(self, extra_validators: Any = None) -> bool:
        """Validate; what does not fit is told all at once."""
        super().validate(extra_validators)
        self._when_held = self._chosen()
        if not self._title():
            self.refuse(f"title_{ui_language()}", _("Please fill this in."))
        if self.mode.data not in set(Way):
            self.refuse("mode", _("Please choose one of these."))
        if not set(self.languages.data or ()) & set(LANGUAGES):
            self.refuse("languages", _("Please choose at least one language."))
        if self.programme_id.data not in self._programmes:
            self.refuse("programme_id", _("Please choose one of these."))
        if self.capacity.data is not None and not 1 <= self.capacity.data <= MAX_SEATS:
            self.refuse("capacity", _("Please write a number from 1 to %(most)s.", most=MAX_SEATS))
        return self._when_held is not None and not self.errors

    def decision(self) -> Acceptance:
        """Return what was entered in a valid form."""
        assert self._when_held is not None
        return Acceptance(
            title=self._title(),
            programme_id=str(self.programme_id.data or "") or None,
            when=self._when_held,
            timezone=str(self.timezone.data or ""),
            mode=str(self.mode.data),
            venue_name=localized(str(self.venue_ja.data or ""), str(self.venue_en.data or "")),
            web_url=str(self.web_url.data or ""),
            capacity=self.capacity.data,
            languages=tuple(tag for tag in self.languages.data or () if tag in LANGUAGES),
            speaker=self._speaker(),
            message=str(self.message.data or ""),
        )
