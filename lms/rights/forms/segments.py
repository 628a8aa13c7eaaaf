"""Forms of parts that belong to others, of exceptions and of proposals."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its stubs
from wtforms.validators import Length

from lms.infra.web.forms import DayField, TomoniForm
from lms.rights.forms.desk import Checks, offered, usual_actions
from lms.rights.texts.desk import ACTIONS
from lms.rights.texts.desk import KINDS as HOLDER_KINDS
from lms.rights.texts.segments import BASES, KINDS, ON_DENY, WAYS

NEW_HOLDER = "new"


class BasisForm(TomoniForm):
    """Why a part needs nobody's agreement."""

    basis = SelectField(
        _l("Basis"), choices=[SelectChoice("", _l("Please choose")), *offered(BASES)], default=""
    )
    basis_note = TextAreaField(_l("Ground, contract or source"), validators=[Length(max=2000)])


class SegmentForm(BasisForm):
    """A part: of a film from when to when, of a paper which pages."""

    start = StringField(_l("Beginning of the part"), validators=[Length(max=20)])
    end = StringField(_l("End of the part"), validators=[Length(max=20)])
    pages = StringField(_l("Pages"), validators=[Length(max=20)])
    kind = SelectField(_l("What it is"), choices=offered(KINDS))
    title = StringField(_l("Title or source"), validators=[Length(max=200)])
    way = SelectField(_l("How it is cleared"), choices=offered(WAYS), default="")
    on_deny = SelectField(_l("While it may not be shown"), choices=offered(ON_DENY), default="hide")
    note = TextAreaField(_l("Note"), validators=[Length(max=2000)])


class PlaceForm(TomoniForm):
    """Where a part is split."""

    place = StringField(_l("Split at"), validators=[Length(max=20)])


class AskForm(TomoniForm):
    """Whom to ask for a part, and for what."""

    holder = SelectField(_l("Rightsholder"), choices=[], default=NEW_HOLDER)
    name = StringField(_l("Name"), validators=[Length(max=200)])
    organisation = StringField(_l("Organisation"), validators=[Length(max=200)])
    email = StringField(_l("Mail address"), validators=[Length(max=320)])
    language = SelectField(_l("Language of the letter"), choices=[])
    kind = SelectField(_l("What they hold"), choices=offered(HOLDER_KINDS))
    uses = Checks(_l("Uses"), choices=[])
    reach = SelectField(_l("For whom"), choices=[])
    first_on = DayField(_l("First day"))
    last_on = DayField(_l("Last day"))
    credit = StringField(_l("Wording of the credit"), validators=[Length(max=200)])
    send = BooleanField(_l("Send the letter now"))
    due_on = DayField(_l("Answer wanted by"))
    message = TextAreaField(_l("Message in the letter"), validators=[Length(max=2000)])

    def set_choices(
        self,
        media_kind: str,
        holders: Sequence[tuple[str, str]],
        reaches: Sequence[Any],
        languages: Sequence[tuple[str, str]],
    ) -> None:
        """Set what may be chosen; rightsholders and languages as (key, name)."""
        self.holder.choices = [
            SelectChoice(NEW_HOLDER, _("Somebody not in the list")),
            *(SelectChoice(key, name) for key, name in holders),
        ]
        self.language.choices = [SelectChoice(tag, name) for tag, name in languages]
        self.uses.choices = offered(ACTIONS, usual_actions(media_kind))
        self.reach.choices = list(reaches)


class TakedownForm(TomoniForm):
    """What to take down: everything, a part, some uses; and why."""

    what = SelectField(_l("What to take down"), choices=[], default="")
    actions = Checks(_l("Only these uses"), choices=[])
    reason = TextAreaField(_l("Reason"), validators=[Length(max=2000)])

    def set_choices(self, media_kind: str, segments: Sequence[tuple[str, str]]) -> None:
        """Set the parts (id, words) that may be taken down alone, and the uses."""
        self.what.choices = [
            SelectChoice("", _("The whole")),
            *(SelectChoice(key, name) for key, name in segments),
        ]
        self.actions.choices = offered(ACTIONS, usual_actions(media_kind))


class OverrideForm(TomoniForm):
    """An exception from publication for one person."""

    account = StringField(_l("Sign-in ID or address of the person"), validators=[Length(max=320)])
    actions = Checks(_l("Uses"), choices=[])
    first_on = DayField(_l("First day"))
    last_on = DayField(_l("Last day"))
    reason = TextAreaField(_l("Reason"), validators=[Length(max=2000)])

    def set_choices(self, media_kind: str) -> None:
        """Set the uses that may be asked for."""
        self.actions.choices = offered(ACTIONS, usual_actions(media_kind))


class NumberForm(TomoniForm):
    """The number under which a decision stands."""

    number = StringField(_l("Number of the decision"), validators=[Length(max=60)])


class NoteForm(TomoniForm):
    """Why something is sent back."""

    note = TextAreaField(_l("Reason"), validators=[Length(max=2000)])
