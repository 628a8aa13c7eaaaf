"""Forms of seminar groups."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField
from wtforms.validators import Optional

from lms.infra.i18n import LANGUAGES
from lms.infra.web.forms import PlainIntegerField, TomoniForm, version_of
from lms.infra.web.locale import ui_language
from lms.kernel.ids import PersonId
from lms.kernel.localized import Localized, localized
from lms.people.queries import find_account
from lms.sessions.forms.scheduling import line
from lms.sessions.operations.groups import GroupPlan
from lms.sessions.queries.groups import GroupRecord


class GroupForm(TomoniForm):
    """A seminar group as an organiser writes it."""

    title_ja = line(_l("Group in Japanese"), 120)
    title_en = line(_l("Group in English"), 120)
    theme_ja = line(_l("Theme in Japanese"), 300)
    theme_en = line(_l("Theme in English"), 300)
    tutor = line(
        _l("Tutor"),
        320,
        description=_l("The sign-in id or address, or leave it to the name below."),
    )
    tutor_name_ja = line(_l("Tutor's name in Japanese"), 120)
    tutor_name_en = line(_l("Tutor's name in English"), 120)
    room_ja = line(_l("Room in Japanese"), 120)
    room_en = line(_l("Room in English"), 120)
    seats = PlainIntegerField(
        _l("Places"), validators=[Optional()], description=_l("Leave it empty for no limit.")
    )
    version = HiddenField()

    known: GroupRecord | None = None

    def _both(self, name: str) -> Localized:
        return localized(*(str(self[f"{name}_{tag}"].data or "") for tag in LANGUAGES))

    def plan(self) -> GroupPlan | None:
        """Return what was entered, or None after refusing a tutor who is not known."""
        handle = str(self.tutor.data or "")
        tutor_id: PersonId | None = None
        if handle and self.known is not None and handle == self.known.tutor_handle:
            tutor_id = self.known.tutor_id
        elif handle:
            account = find_account(handle)
            if account is None:
                self.refuse("tutor", _("No single person signs in with this id or address."))
                return None
            tutor_id = account.person_id
        return GroupPlan(
            title=self._both("title"),
            theme=self._both("theme"),
            tutor_id=tutor_id,
            tutor_name=self._both("tutor_name"),
            room=self._both("room"),
            seats=self.seats.data,
        )

    def seen(self) -> int:
        """Return the version that was on the page; -1 for none."""
        return version_of(self.version)

    def refuse_input(self, field: str, sentence: str) -> None:
        """Put the sentence of a rule at its field."""
        self.refuse(f"title_{ui_language()}" if field == "title" else field, sentence)


def group_form(record: GroupRecord) -> GroupForm:
    """Return the form with what is stored (or with what was just entered)."""
    card = record.card
    form = GroupForm(
        data={
            **{
                f"{name}_{tag}": value.get(tag, "")
                for name, value in (
                    ("title", card.title),
                    ("theme", card.theme),
                    ("tutor_name", record.tutor_name),
                    ("room", card.room),
                )
                for tag in LANGUAGES
            },
            "tutor": record.tutor_handle,
            "seats": card.seats,
            "version": str(card.version),
        }
    )
    form.known = record
    return form
