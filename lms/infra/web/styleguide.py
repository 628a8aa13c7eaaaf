"""The page that shows every component, for whoever changes the looks (demo and debugging only)."""

from flask import render_template
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    ColorField,
    FileField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its stubs
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput, ListWidget

from lms.infra.i18n import N_, translate
from lms.infra.web.forms import ClockField, DayField, PlainIntegerField, TomoniForm

_TITLE = N_("Labour Economics 2: how wages are set")


class StyleguideForm(TomoniForm):
    """One field of every kind."""

    family_name = StringField(_l("Family name"), [InputRequired()])
    given_name = StringField(_l("Given name"), [InputRequired()])
    email = StringField(_l("E-mail address"), [InputRequired()])
    union = SelectField(
        _l("Union"), choices=[SelectChoice("a", "Aoba"), SelectChoice("b", "Minato")]
    )
    seats = PlainIntegerField(_l("Seats"))
    day = DayField(_l("Day"))
    clock = ClockField(_l("Time"))
    mode = RadioField(
        _l("Taking part"),
        [InputRequired()],
        choices=[SelectChoice("web", _l("On the web")), SelectChoice("room", _l("In the room"))],
    )
    topics = SelectMultipleField(
        _l("Interests"),
        choices=[SelectChoice("wages", _l("Wages")), SelectChoice("time", _l("Working time"))],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    wish = TextAreaField(
        _l("What would help you take part"),
        description=_l(
            "For example a seat near the door, captions, or a sign-language interpreter."
        ),
    )
    flyer = FileField(_l("Flyer (PDF)"))
    accent = ColorField(_l("Accent colour"), default="#21406b")
    agree = BooleanField(_l("I agree that my name stands on the roster"), [InputRequired()])


def render_styleguide(*, with_errors: bool = False) -> str:
    """Return the page; `with_errors` shows the form as after a refused sending."""
    form = StyleguideForm(formdata=None)
    if with_errors:
        form.validate()
    return render_template(
        "styleguide.html",
        form=form,
        name_ja_only={"ja": translate("ja", _TITLE)},
        name_both={"ja": translate("ja", _TITLE), "en": _TITLE},
    )
