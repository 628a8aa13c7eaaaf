"""Forms of the front desk."""

from flask_babel import lazy_gettext as _l
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from lms.infra.web.forms import TomoniForm


class DeskHandForm(TomoniForm):
    """Who is asked to sit at the front desk."""

    handle = StringField(
        _l("Sign-in id or address of a known person"),
        validators=[InputRequired(_l("Please write a sign-in id or an address.")), Length(max=320)],
    )


class TicketForm(TomoniForm):
    """Who gets a new ticket."""

    participant = StringField(
        _l("Sign-in id or address of the participant"),
        validators=[InputRequired(_l("Please write a sign-in id or an address.")), Length(max=320)],
    )
