"""Forms of enrolment."""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from typing_extensions import override
from wtforms import RadioField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its stubs
from wtforms.validators import InputRequired, Length, Optional

from lms.enrolment.models import Attending
from lms.enrolment.operations import MAX_TEXT
from lms.enrolment.rules import Decision
from lms.enrolment.texts import ATTENDING, DECISIONS
from lms.infra.web.forms import TomoniForm

_FITS = Length(max=MAX_TEXT, message=_l("At most %(max)d characters fit here."))


def _without_nul(text: str | None) -> str | None:
    """Drop a character that nobody types and PostgreSQL refuses in any text."""
    return text.replace("\0", "") if text else text


class AttendingForm(TomoniForm):
    """How one takes part, where there is a choice."""

    attending = RadioField(
        _l("How do you take part?"),
        validators=[InputRequired(_l("Please choose one of these."))],
    )

    @override
    def __init__(self, *args: Any, ways: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.attending.choices = [SelectChoice(way, ATTENDING[Attending(way)]) for way in ways]
        if len(ways) == 1:
            del self.attending

    def way(self) -> str:
        """Return the way chosen; '' where there is no choice."""
        field = self._fields.get("attending")
        return str(field.data) if field is not None else ""


class ApplyForm(AttendingForm):
    """An application."""

    accommodation = TextAreaField(
        _l("Reasonable accommodation"),
        validators=[Optional(), _FITS],
        filters=[_without_nul],
        description=_l(
            "What do you need to take part on equal terms, such as sign language, "
            "captions, a step-free room? Only those who run the course read this."
        ),
    )
    message = TextAreaField(
        _l("Message to the organiser"),
        validators=[Optional(), _FITS],
        filters=[_without_nul],
    )


class DecideForm(TomoniForm):
    """A decision on the applications that are ticked."""

    decision = SelectField(
        _l("Decision"),
        choices=[SelectChoice(decision.value, words) for decision, words in DECISIONS.items()],
    )
    reason = TextAreaField(
        _l("Reason"),
        validators=[Optional(), _FITS],
        filters=[_without_nul],
        description=_l("Needed to decline. The person is told it."),
    )

    def chosen(self) -> Decision:
        """Return the decision."""
        return Decision(self.decision.data)


class RemoveForm(TomoniForm):
    """Taking somebody off, with the reason."""

    reason = TextAreaField(
        _l("Reason"),
        validators=[InputRequired(_l("Please give a reason. The person is told it.")), _FITS],
        filters=[_without_nul],
        description=_l("The person is told it."),
        id="remove-reason",  # on one page with the reason of a decision
    )
