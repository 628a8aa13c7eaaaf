"""The form of attendance."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from typing_extensions import override
from wtforms import SelectField

from lms.infra.web.forms import TomoniForm


class AttendanceForm(TomoniForm):
    """The CSRF token and the choice for the rest; the rows are read by their person's id."""

    rest = SelectField(_l("Everyone of whom nothing is known yet"), default="leave")

    @override
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rest.choices = [
            ("leave", str(_("Leave as not recorded"))),
            ("present", str(_("Record as present"))),
            ("absent", str(_("Record as absent"))),
        ]
