"""The base of every form, and fields that read what Japanese hands write."""

import re
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from typing_extensions import override
from werkzeug.datastructures import CombinedMultiDict, MultiDict
from wtforms import FileField, IntegerField, StringField
from wtforms.fields import Field

from lms.kernel.dates import DateFaultError, plain, read_day, read_time


class TomoniForm(FlaskForm):  # type: ignore[misc]
    """Every form: translated messages, CSRF, and errors under the field."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """What a form reads: fields and files, never a JSON body."""

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """Return what was submitted, or None. A file sent for a text is none at all."""
            if formdata is None or isinstance(formdata, dict):
                return formdata
            if request.method not in {"POST", "PUT", "PATCH", "DELETE"}:
                return None
            if not request.files and not request.form:
                return None
            wanted = {field.name for field in form if isinstance(field, FileField)}
            files = [item for item in request.files.items(multi=True) if item[0] in wanted]
            return CombinedMultiDict((MultiDict(files), request.form))

    def validate(self, extra_validators: Any = None) -> bool:
        """Validate; a NUL, which no table can hold, is refused in any text of any form."""
        fine = bool(super().validate(extra_validators))
        for name, field in self._fields.items():
            if isinstance(field.data, str) and "\0" in field.data and not field.errors:
                self.refuse(name, _l("There is a character in this text that cannot be stored."))
                fine = False
        return fine

    def refuse(self, field: str, sentence: Any) -> None:
        """Put a sentence found later (by a rule) under its field, or above the form."""
        target = self._fields.get(field)
        if target is None:
            self.form_errors.append(sentence)
        else:
            target.errors = [*target.errors, sentence]


def version_of(field: Field) -> int:
    """Return the version that a page sent in a hidden field; -1, which none has, for all else.

    Nine digits at the most: what every table can hold.
    """
    text = str((field.raw_data or [""])[0])
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else -1


class PlainIntegerField(IntegerField):
    """A whole number in any width of digits."""

    @override
    def process_formdata(self, valuelist: list[Any]) -> None:
        if not valuelist or not str(valuelist[0]).strip():
            self.data = None
            return
        text = plain(str(valuelist[0])).replace(",", "")
        if not re.fullmatch(r"-?[0-9]{1,9}", text):
            self.data = None
            raise ValueError(str(_l("Please write a whole number, such as 30.")))
        self.data = int(text)


class _ReadField(StringField):
    """A text box whose `data` is the value read; what was typed is shown again."""

    widget_type = "text"
    data: Any

    @override
    def process_formdata(self, valuelist: list[Any]) -> None:
        text = str(valuelist[0]) if valuelist else ""
        self.raw = text
        if not text.strip():
            self.data = None
            return
        try:
            self.data = self.read(text)
        except DateFaultError as fault:
            self.data = None
            raise ValueError(str(self.missing if fault.readable else self.unreadable)) from None

    raw: str | None = None
    unreadable: Any = ""
    missing: Any = _l("There is no such date or time.")

    def read(self, text: str) -> Any:
        """Return the value of the text. Raises DateFaultError."""
        raise NotImplementedError

    def write(self, value: Any) -> str:
        """Return the value as the form shows it."""
        return str(value)

    def _value(self) -> str:  # WTForms' own hook, which its stubs leave out
        if self.raw is not None:
            return self.raw
        return "" if self.data is None else self.write(self.data)


class DayField(_ReadField):
    """A calendar day. `data` is a `date`."""

    unreadable = _l("Please write a date such as 2026-10-12.")

    @override
    def read(self, text: str) -> date:
        return read_day(text)

    @override
    def write(self, value: Any) -> str:
        return f"{value:%Y-%m-%d}"


class ClockField(_ReadField):
    """A wall-clock time. `data` is a `time`."""

    unreadable = _l("Please write a time such as 18:30.")

    @override
    def read(self, text: str) -> time:
        return read_time(text)

    @override
    def write(self, value: Any) -> str:
        return f"{value:%H:%M}"


class WallField(_ReadField):
    """A local date and time, `2026-10-12 18:30` or with T between. `data` is naive."""

    unreadable = _l("Please write date and time such as 2026-10-12 18:30.")

    @override
    def read(self, text: str) -> datetime:
        parts = [part for part in re.split(r"[T\s]+", plain(text)) if part]
        if len(parts) != 2:  # noqa: PLR2004 - a day and a time
            raise DateFaultError(readable=False)
        return datetime.combine(read_day(parts[0]), read_time(parts[1]))

    @override
    def write(self, value: Any) -> str:
        return f"{value:%Y-%m-%d %H:%M}"


def fields_of(form: FlaskForm, names: Sequence[str]) -> list[Field]:
    """Return the named fields of a form in that order, for templates that group them."""
    return [form._fields[name] for name in names]  # WTForms offers no other way
