"""Forms of closing."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, TextAreaField
from wtforms.validators import Length

from lms.infra.web.forms import TomoniForm


class ClosingForm(TomoniForm):
    """Why it is closed, which copies lie elsewhere, and that it is meant."""

    reason = TextAreaField(_l("Reason"), validators=[Length(max=2000)])
    by_hand = TextAreaField(_l("Copies elsewhere, one a line"), validators=[Length(max=4000)])
    sure = BooleanField(_l("Destroy the files for good"))
