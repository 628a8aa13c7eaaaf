"""The form of a venue."""

from flask_babel import lazy_gettext as _l
from wtforms import FieldList, Form, FormField, HiddenField
from wtforms.validators import Optional

from lms.infra.i18n import LANGUAGES
from lms.infra.web.forms import PlainIntegerField, TomoniForm, version_of
from lms.infra.web.locale import ui_language
from lms.kernel.localized import Localized, localized
from lms.sessions.forms.scheduling import line, lines
from lms.sessions.operations.venues import RoomPlan, VenuePlan
from lms.sessions.queries.venues import VenueRecord

MOST_ROOMS = 40
BLANK_ROOMS = 2


class RoomForm(Form):
    """One room."""

    name_ja = line(_l("Room in Japanese"), 120)
    name_en = line(_l("Room in English"), 120)
    seats = PlainIntegerField(_l("Seats"), validators=[Optional()])


class VenueForm(TomoniForm):
    """A venue as an organiser writes it."""

    name_ja = line(_l("Venue in Japanese"), 200)
    name_en = line(_l("Venue in English"), 200)
    address_ja = line(_l("Address in Japanese"), 300)
    address_en = line(_l("Address in English"), 300)
    access_ja = lines(_l("How to get there, in Japanese"), 2000)
    access_en = lines(_l("How to get there, in English"), 2000)
    map_url = line(_l("Link to a map"), 500)
    rooms = FieldList(FormField(RoomForm), _l("Rooms"), max_entries=MOST_ROOMS)
    version = HiddenField()

    def _both(self, name: str) -> Localized:
        return localized(*(str(self[f"{name}_{tag}"].data or "") for tag in LANGUAGES))

    def plan(self) -> VenuePlan:
        """Return what was entered; rooms left empty are no rooms."""
        rooms = (
            RoomPlan(
                localized(entry.name_ja.data or "", entry.name_en.data or ""), entry.seats.data
            )
            for entry in (room.form for room in self.rooms)
        )
        return VenuePlan(
            name=self._both("name"),
            address=self._both("address"),
            access=self._both("access"),
            map_url=str(self.map_url.data or ""),
            rooms=tuple(room for room in rooms if room.name or room.seats is not None),
        )

    def seen(self) -> int:
        """Return the version that was on the page; -1 for none."""
        return version_of(self.version)

    def add_blank_rooms(self) -> None:
        """Leave room for more (without JavaScript rows cannot be added)."""
        filled = sum(1 for entry in self.rooms if any(entry.data.values()))
        while len(self.rooms) < min(filled + BLANK_ROOMS, MOST_ROOMS):
            self.rooms.append_entry()

    def refuse_input(self, field: str, sentence: str) -> None:
        """Put the sentence of a rule at its field."""
        if field == "rooms":
            self.form_errors.append(sentence)
        else:
            self.refuse(f"name_{ui_language()}" if field == "name" else field, sentence)


def venue_form(record: VenueRecord) -> VenueForm:
    """Return the form with what is stored (or with what was just entered)."""
    return VenueForm(
        data={
            **{
                f"{name}_{tag}": value.get(tag, "")
                for name, value in (
                    ("name", record.name),
                    ("address", record.address),
                    ("access", record.access),
                )
                for tag in LANGUAGES
            },
            "map_url": record.map_url,
            "version": str(record.version),
            "rooms": [
                {
                    "name_ja": room.name.get("ja", ""),
                    "name_en": room.name.get("en", ""),
                    "seats": room.seats,
                }
                for room in record.rooms
            ],
        }
    )
