"""The form of retention: one number of days a kind."""

from collections.abc import Mapping

from flask_babel import lazy_gettext as _l
from wtforms.validators import InputRequired, NumberRange

from lms.infra.retention import MAX_DAYS, all_kept
from lms.infra.web.forms import PlainIntegerField, TomoniForm
from lms.rights.texts.retention import KINDS


class RetentionForm(TomoniForm):
    """A field for each kind is added by `retention_form`."""

    def days(self) -> dict[str, int]:
        """Return the days by kind."""
        return {kind.name: int(self[kind.name].data) for kind in all_kept()}


def retention_form(days: Mapping[str, int]) -> RetentionForm:
    """Return the form with a field for each kind that is known, filled with `days`."""

    class _Form(RetentionForm):
        pass

    for kind in all_kept():
        setattr(
            _Form,
            kind.name,
            PlainIntegerField(
                KINDS.get(kind.name, kind.name),
                validators=[InputRequired(), NumberRange(min=0, max=MAX_DAYS)],
                description=_l("Days; 0 = for ever"),
            ),
        )
    return _Form(data=dict(days))
