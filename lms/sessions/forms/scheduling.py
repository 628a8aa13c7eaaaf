"""The form of a live session as an organiser writes it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    FieldList,
    Form,
    FormField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its stubs
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from lms.infra.i18n import LANGUAGES
from lms.infra.web.forms import ClockField, DayField, PlainIntegerField, TomoniForm
from lms.infra.web.locale import ui_language
from lms.kernel.ids import PartId, PersonId
from lms.kernel.localized import Localized, localized, pick
from lms.people.queries import find_account
from lms.sessions.operations import SessionPlan, SpeakerPlan
from lms.sessions.queries import EditionDesk, SessionRecord, SpeakerRecord
from lms.sessions.queries.groups import GroupCard, list_groups
from lms.sessions.queries.venues import VenueRecord
from lms.sessions.texts.languages import channel_name

# Offered while typing; any IANA zone is taken.
SUGGESTED_ZONES = (
    "Asia/Tokyo", "Asia/Seoul", "Asia/Shanghai", "Asia/Taipei", "Asia/Hong_Kong", "Asia/Manila",
    "Asia/Singapore", "Asia/Kuala_Lumpur", "Asia/Jakarta", "Asia/Bangkok", "Asia/Ho_Chi_Minh",
    "Asia/Phnom_Penh", "Asia/Yangon", "Asia/Ulaanbaatar", "Asia/Dhaka", "Asia/Kathmandu",
    "Asia/Kolkata", "Asia/Colombo", "Australia/Sydney", "Pacific/Auckland", "Europe/London",
    "Europe/Paris", "Europe/Zurich", "Europe/Berlin", "America/New_York", "America/Los_Angeles",
    "America/Sao_Paulo", "UTC",
)  # fmt: skip
BLANK_SPEAKERS = 2
MOST_SPEAKERS = 30


def clean(text: str | None) -> str | None:
    """Take away what no text box should hold: control characters and space at the ends."""
    if text is None:
        return None
    return "".join(c for c in text if c in "\n\t" or c.isprintable()).strip()


def line(label: Any, most: int, **more: Any) -> StringField:
    """Return a text field of one line."""
    return StringField(label, validators=[fits(most)], filters=[clean], **more)


def lines(label: Any, most: int, **more: Any) -> TextAreaField:
    """Return a text field of several lines."""
    return TextAreaField(label, validators=[fits(most)], filters=[clean], **more)


def fits(most: int) -> Length:
    """Return the rule that a text has at most so many characters."""
    return Length(max=most, message=_l("Please use at most %(max)d characters."))


def given() -> InputRequired:
    """Return the rule that something is written."""
    return InputRequired(message=_l("Please fill this in."))


# Languages offered for interpretation; others that a session holds already are kept.
OFFERED_CHANNELS = (
    "ja", "en", "zh", "ko", "id", "ms", "th", "vi", "fil", "my", "km", "ne", "hi", "bn", "mn",
    "fr", "de", "es", "pt",
)  # fmt: skip


class ManyChoices(SelectMultipleField):
    """Check boxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class SpeakerForm(Form):
    """One speaker: a known person, or a name in either language."""

    handle = line(_l("Sign-in id or address"), 320)
    name_ja = line(_l("Speaker's name in Japanese"), 120)
    name_en = line(_l("Speaker's name in English"), 120)
    role = SelectField(
        _l("Task"),
        choices=[
            SelectChoice("speaker", _l("Speaks")),
            SelectChoice("interpreter", _l("Interprets")),
        ],
        default="speaker",
        validate_choice=False,
    )


class SessionForm(TomoniForm):
    """A session as an organiser writes it."""

    title_ja = line(_l("Title in Japanese"), 200)
    title_en = line(_l("Title in English"), 200)
    part_id = SelectField(_l("Part"), validate_choice=False, filters=[clean])
    day = DayField(_l("Day"), validators=[given()])
    starts = ClockField(_l("Starts"), validators=[given()])
    ends = ClockField(_l("Ends"), validators=[given()])
    ends_day = DayField(
        _l("Day of the end"),
        validators=[Optional()],
        description=_l("Only when it ends on another day."),
    )
    timezone = line(
        _l("Time zone"),
        64,
        description=_l("The zone of the place, such as Asia/Tokyo. Times are meant there."),
    )
    venue_name_ja = line(_l("Venue in Japanese"), 200)
    venue_name_en = line(_l("Venue in English"), 200)
    venue_address_ja = line(_l("Address in Japanese"), 300)
    venue_address_en = line(_l("Address in English"), 300)
    venue_access_ja = lines(_l("How to get there, in Japanese"), 2000)
    venue_access_en = lines(_l("How to get there, in English"), 2000)
    room_ja = line(_l("Room in Japanese"), 120)
    room_en = line(_l("Room in English"), 120)
    seats = PlainIntegerField(
        _l("Seats in the room"),
        validators=[Optional()],
        description=_l("Leave it empty when there are enough."),
    )
    venue_pick = SelectField(
        _l("A venue from the list"),
        validate_choice=False,
        filters=[clean],
        description=_l("Fills in the fields below; they can be changed for this session."),
    )
    map_url = line(_l("Link to a map"), 500)
    web_url = line(
        _l("Web link of the meeting"),
        1000,
        description=_l(
            "Only organisers see it. Participants press the join button, which leads there."
        ),
    )
    web_passcode = line(
        _l("Passcode of the meeting"),
        100,
        description=_l("Shown to participants only after they pressed join."),
    )
    dial_in = lines(
        _l("Dial-in by telephone"),
        500,
        description=_l("Shown to participants only after they pressed join."),
    )
    host = line(
        _l("Host of the meeting"),
        320,
        description=_l("The sign-in id or address of the person who opens the meeting."),
    )
    name_format_ja = line(
        _l("How to write one's name in the meeting, in Japanese"),
        200,
        description=_l("Such as {organisation} {name}; what is in braces is filled in for each."),
    )
    name_format_en = line(_l("How to write one's name in the meeting, in English"), 200)
    join_opens_minutes = PlainIntegerField(
        _l("Join opens before the start"), validators=[given()], default=15
    )
    grace_minutes = PlainIntegerField(
        _l("Join stays open after the end"), validators=[given()], default=15
    )
    is_recorded = BooleanField(_l("This session is recorded"))
    interpretation = BooleanField(_l("With simultaneous interpretation"))
    channels = ManyChoices(_l("Interpretation into"), validate_choice=False)
    groups = ManyChoices(
        _l("Only for these seminar groups"),
        validate_choice=False,
        description=_l("Without a choice it is for everybody."),
    )
    speakers = FieldList(FormField(SpeakerForm), _l("Speakers"), max_entries=MOST_SPEAKERS)

    known: tuple[SpeakerRecord, ...] = ()
    known_host: SpeakerRecord | None = None

    def set_venues(self, venues: Sequence[VenueRecord]) -> None:
        """Fill the choice of venues and their rooms."""
        language = ui_language()
        choices = [("", str(_("Another place")))]
        for venue in venues:
            name = pick(venue.name, language).text
            choices.append((venue.id, name))
            choices.extend(
                (f"{venue.id}:{room.id}", f"{name} / {pick(room.name, language).text}")
                for room in venue.rooms
            )
        self.venue_pick.choices = choices

    def fill_venue(self, venues: Sequence[VenueRecord]) -> bool:
        """Write the chosen venue into the fields; False when it is on the list no more."""
        venue_id, _colon, room_id = str(self.venue_pick.data or "").partition(":")
        if not venue_id:
            return True
        venue = next((one for one in venues if one.id == venue_id), None)
        if venue is None:
            self.refuse("venue_pick", _("This venue is not on the list any more."))
            return False
        self.venue_pick.data = ""
        room = next((one for one in venue.rooms if one.id == room_id), None)
        for tag in LANGUAGES:
            self[f"venue_name_{tag}"].data = venue.name.get(tag, "")
            self[f"venue_address_{tag}"].data = venue.address.get(tag, "")
            self[f"venue_access_{tag}"].data = venue.access.get(tag, "")
            self[f"room_{tag}"].data = room.name.get(tag, "") if room is not None else ""
        self.map_url.data = venue.map_url
        self.seats.raw_data = None
        self.seats.data = room.seats if room is not None else None
        return True

    def set_parts(self, parts: Sequence[tuple[PartId, Localized]]) -> None:
        """Fill the choice of parts, and of languages."""
        language = ui_language()
        tags = dict.fromkeys((*OFFERED_CHANNELS, *(self.channels.data or ())))
        self.channels.choices = [(tag, channel_name(tag, language)) for tag in tags]
        self.part_id.choices = [
            ("", str(_("Not tied to a part"))),
            *((part_id, pick(title, language).text) for part_id, title in parts),
        ]

    def set_groups(self, groups: Sequence[GroupCard]) -> None:
        """Fill the choice of seminar groups."""
        language = ui_language()
        self.groups.choices = [(one.id, pick(one.title, language).text) for one in groups]
        if not self.is_submitted():
            self.groups.data = self.groups.data or []

    def add_blank_speakers(self) -> None:
        """Leave room for more speakers (without JavaScript rows cannot be added)."""
        filled = sum(1 for entry in self.speakers if _is_filled(entry.data))
        while len(self.speakers) < min(filled + BLANK_SPEAKERS, MOST_SPEAKERS):
            self.speakers.append_entry()

    def both(self, name: str) -> Localized:
        """Return what was entered under a name, in every language."""
        return localized(*(str(self[f"{name}_{tag}"].data or "") for tag in LANGUAGES))

    def plan(self) -> SessionPlan | None:
        """Return what was entered, or None after refusing a speaker who is not known."""
        first: date = self.day.data
        last: date = self.ends_day.data or first
        return self.plan_between(
            datetime.combine(first, self.starts.data), datetime.combine(last, self.ends.data)
        )

    def plan_between(self, starts_local: datetime, ends_local: datetime) -> SessionPlan | None:
        """Return what was entered, held between these times; None as `plan`."""
        speakers, host_id = self._speakers(), self._host()
        if speakers is None or (host_id is None and self.host.data):
            return None
        return SessionPlan(
            title=self.both("title"),
            starts_local=starts_local,
            ends_local=ends_local,
            timezone=str(self.timezone.data or ""),
            part_id=PartId(self.part_id.data) if self.part_id.data else None,
            venue_name=self.both("venue_name"),
            venue_address=self.both("venue_address"),
            venue_access=self.both("venue_access"),
            map_url=str(self.map_url.data or ""),
            web_url=str(self.web_url.data or ""),
            web_passcode=str(self.web_passcode.data or ""),
            join_opens_minutes=int(self.join_opens_minutes.data or 0),
            grace_minutes=int(self.grace_minutes.data or 0),
            is_recorded=bool(self.is_recorded.data),
            interpretation=bool(self.interpretation.data),
            speakers=tuple(speakers),
            room=self.both("room"),
            seats=self.seats.data,
            dial_in=str(self.dial_in.data or ""),
            host_id=host_id,
            channels=tuple(self.channels.data or ()),
            name_format=self.both("name_format"),
            group_ids=tuple(self.groups.data or ()),
        )

    def _host(self) -> PersonId | None:
        handle = str(self.host.data or "")
        if not handle:
            return None
        if self.known_host is not None and self.known_host.handle == handle:
            return self.known_host.person_id
        account = find_account(handle)
        if account is None:
            self.refuse("host", _("No single person signs in with this id or address."))
            return None
        return account.person_id

    def _speakers(self) -> list[SpeakerPlan] | None:
        found: list[SpeakerPlan] = []
        fine = True
        for number, entry in enumerate(self.speakers):
            handle = str(entry.form.handle.data or "")
            name = localized(str(entry.form.name_ja.data or ""), str(entry.form.name_en.data or ""))
            if not handle and not name:
                continue
            person_id = self._person_of(number, handle) if handle else None
            if handle and person_id is None:
                self._refuse_speaker(entry)
                fine = False
            found.append(SpeakerPlan(person_id, name, str(entry.form.role.data or "speaker")))
        return found if fine else None

    def _person_of(self, number: int, handle: str) -> PersonId | None:
        """Return who is meant: who was there before (whatever the handle), else an account."""
        if number < len(self.known) and self.known[number].handle == handle:
            return self.known[number].person_id
        account = find_account(handle)
        return account.person_id if account is not None else None

    def _refuse_speaker(self, entry: Any) -> None:
        entry.form.handle.errors = [
            _(
                "No single person signs in with this id or address. Use the sign-in id when an "
                "address is shared, or write a name only."
            )
        ]
        self.form_errors.append(_("One of the speakers is not known here."))

    def refuse_input(self, field: str, sentence: str) -> None:
        """Put the sentence of a rule at its field."""
        name = {"title": f"title_{ui_language()}"}.get(field, field)
        self.refuse(name, sentence)


def new_session_form(
    edition: EditionDesk, parts: Sequence[tuple[PartId, Localized]]
) -> SessionForm:
    """Return the form for a new session, in the edition's zone."""
    form = SessionForm()
    if not form.is_submitted():
        form.timezone.data = edition.timezone
    form.set_parts(parts)
    form.set_groups(list_groups(edition.edition_id))
    return form


def session_form(record: SessionRecord, parts: Sequence[tuple[PartId, Localized]]) -> SessionForm:
    """Return the form with what is stored (or with what was just entered)."""
    form = SessionForm(
        data={
            **{
                f"{name}_{tag}": value.get(tag, "")
                for name, value in (
                    ("title", record.title),
                    ("venue_name", record.venue_name),
                    ("venue_address", record.venue_address),
                    ("venue_access", record.venue_access),
                    ("room", record.room),
                    ("name_format", record.name_format),
                )
                for tag in LANGUAGES
            },
            "part_id": record.part_id or "",
            "day": record.starts_local.date(),
            "starts": record.starts_local.time(),
            "ends": record.ends_local.time(),
            "ends_day": _other_day(record),
            "timezone": record.timezone,
            "map_url": record.map_url,
            "web_url": record.web_url,
            "web_passcode": record.web_passcode,
            "join_opens_minutes": record.join_opens_minutes,
            "grace_minutes": record.grace_minutes,
            "is_recorded": record.is_recorded,
            "interpretation": record.interpretation,
            "seats": record.seats,
            "dial_in": record.dial_in,
            "host": record.host.handle if record.host is not None else "",
            "channels": list(record.channels),
            "groups": list(record.group_ids),
            "speakers": [_speaker_data(speaker) for speaker in record.speakers],
        }
    )
    form.known = record.speakers
    form.known_host = record.host
    form.set_parts(parts)
    form.set_groups(list_groups(record.edition_id))
    return form


def _other_day(record: SessionRecord) -> date | None:
    last = record.ends_local.date()
    return last if last - record.starts_local.date() >= timedelta(days=1) else None


def _speaker_data(speaker: SpeakerRecord) -> dict[str, str]:
    return {
        "handle": speaker.handle,
        "name_ja": speaker.name.get("ja", ""),
        "name_en": speaker.name.get("en", ""),
        "role": speaker.role,
    }


def _is_filled(speaker: Mapping[str, object]) -> bool:
    return any(value for name, value in speaker.items() if name != "role")
