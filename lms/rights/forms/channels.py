"""The form of flagged pages."""

from flask_babel import lazy_gettext as _l
from wtforms import StringField
from wtforms.validators import InputRequired, Length, Optional

from lms.infra.web.forms import PlainIntegerField, TomoniForm
from lms.recordings.operations import FlagDetails
from lms.recordings.rules import Channel
from lms.rights.forms.desk import Checks, offered
from lms.rights.texts.channels import CHANNEL_NAMES


class FlagForm(TomoniForm):
    """Pages, the channels through which they must not go, and a word to who shows them."""

    first_page = PlainIntegerField(_l("First page"), validators=[InputRequired()])
    last_page = PlainIntegerField(_l("Last page (empty: only the first)"), validators=[Optional()])
    barred = Checks(_l("Must not go through"), choices=offered(CHANNEL_NAMES))
    note = StringField(_l("Note for who shows it"), validators=[Length(max=300)])

    @property
    def details(self) -> FlagDetails:
        """What was entered."""
        first = self.first_page.data or 0
        return FlagDetails(
            first_page=first,
            last_page=self.last_page.data or first,
            barred=frozenset(Channel(one) for one in self.barred.data or ()),
            note=self.note.data or "",
        )
