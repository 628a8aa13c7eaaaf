"""Forms of attendance reports, and of what an edition asks of those who were there."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from typing_extensions import override
from wtforms import BooleanField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from lms.infra.web.forms import PlainIntegerField, TomoniForm
from lms.sessions.rules.attendance_status import AttendanceRule
from lms.sessions.rules.reports import Column, DateOrder
from lms.sessions.texts.reports import COLUMNS, DATE_ORDERS


class _ReadingForm(TomoniForm):
    """How a file is to be read where it does not say so itself."""

    zone = StringField(
        _l("Time zone of the report"),
        validators=[Length(max=64)],
        description=_l("For times that name no zone."),
    )
    date_order = SelectField(_l("Order of dates such as 10/12"), default="")

    @override
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.date_order.choices = [(code, str(word)) for code, word in DATE_ORDERS.items()]

    @property
    def order(self) -> DateOrder | None:
        """Return the order chosen, None for none."""
        return DateOrder(self.date_order.data) if self.date_order.data else None

    @property
    def chosen_zone(self) -> str:
        """Return the zone as it was written."""
        return str(self.zone.data or "").strip()


class ReportForm(_ReadingForm):
    """A report to be shown before anything counts by it."""

    file = FileField(_l("Attendance report"))


class ReadAgainForm(_ReadingForm):
    """The same file, read in another way."""


class ColumnsForm(_ReadingForm):
    """Which column of a table is which."""

    name = SelectField(COLUMNS[Column.NAME], default="")
    last_name = SelectField(COLUMNS[Column.LAST_NAME], default="")
    first_name = SelectField(COLUMNS[Column.FIRST_NAME], default="")
    email = SelectField(COLUMNS[Column.EMAIL], default="")
    joined = SelectField(COLUMNS[Column.JOINED], default="")
    left = SelectField(COLUMNS[Column.LEFT], default="")
    duration = SelectField(COLUMNS[Column.DURATION], default="")
    registrant_id = SelectField(COLUMNS[Column.REGISTRANT_ID], default="")

    def set_headers(self, headers: Sequence[str]) -> None:
        """Set the columns that may be chosen."""
        choices = [("", str(_("None")))] + [(head, head) for head in dict.fromkeys(headers) if head]
        for column in Column:
            self[column.value].choices = choices

    def chosen(self) -> dict[str, str]:
        """Return the header of each column that was chosen."""
        return {
            column.value: str(self[column.value].data)
            for column in Column
            if self[column.value].data
        }


class RuleForm(TomoniForm):
    """What an edition asks of those who were there."""

    min_minutes = PlainIntegerField(
        _l("Minutes asked for"),
        validators=[InputRequired(_l("Please fill this in."))],
        description=_l("0 asks for none."),
    )
    min_percent = PlainIntegerField(
        _l("Share of the session asked for"),
        validators=[InputRequired(_l("Please fill this in."))],
        description=_l("0 asks for none. The greater of the two counts."),
    )
    late_minutes = PlainIntegerField(
        _l("Late arrival that is tolerated"), validators=[InputRequired(_l("Please fill this in."))]
    )
    early_minutes = PlainIntegerField(
        _l("Early leaving that is tolerated"),
        validators=[InputRequired(_l("Please fill this in."))],
    )
    press_counts = BooleanField(
        _l("Without a report, pressing join counts as being there from then to the end"),
        description=_l("Not where minutes or a share are asked for."),
    )
    missing_is_absent = BooleanField(
        _l("Who is in no evidence after the report is absent"),
        description=_l("Only once everybody in the report is told apart."),
    )

    def rule(self) -> AttendanceRule:
        """Return what was entered."""
        return AttendanceRule(
            int(self.min_minutes.data or 0),
            int(self.min_percent.data or 0),
            int(self.late_minutes.data or 0),
            int(self.early_minutes.data or 0),
            bool(self.press_counts.data),
            bool(self.missing_is_absent.data),
        )
