"""Forms of people."""

from collections.abc import Iterable
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, PasswordField, SelectField, StringField
from wtforms.fields import Field
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its stubs
from wtforms.validators import EqualTo, InputRequired, Length, ValidationError

from lms.infra.i18n import LANGUAGES
from lms.infra.web.forms import DayField, PlainIntegerField, TomoniForm
from lms.kernel.actor import Role
from lms.kernel.clock import now
from lms.people.models import Level
from lms.people.rules import has_control_characters
from lms.people.texts import role_label

Choices = list[tuple[str, str]]

_REQUIRED = InputRequired(_l("Please fill this in."))
_MOST_USED_ZONES = (
    "Asia/Tokyo",
    "Asia/Kuala_Lumpur",
    "Asia/Singapore",
    "Asia/Jakarta",
    "Asia/Bangkok",
    "Asia/Manila",
    "Europe/London",
    "America/New_York",
)
_NO_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})


def _clear(_form: Any, field: Field) -> None:
    if has_control_characters(field.data or ""):
        raise ValidationError(_("This holds characters that cannot be read. Please type it again."))


def _text(label: Any, longest: int, *, required: bool = False, **more: Any) -> StringField:
    most = Length(max=longest, message=_l("Please use at most %(max)d characters."))
    checks = [*([_REQUIRED] if required else []), most, _clear]
    return StringField(label, validators=checks, **more)


def options(pairs: Choices) -> list[SelectChoice]:
    """Return pairs of value and text as the options of a select."""
    return [SelectChoice(value, text) for value, text in pairs]


def _select(label: Any, **more: Any) -> SelectField:
    words: Any = {"invalid_choice_message": _l("Please choose one from the list.")}
    return SelectField(label, **words, **more)


def _secret(label: Any, **more: Any) -> PasswordField:
    most = Length(max=1000, message=_l("Please use at most %(max)d characters."))
    return PasswordField(label, validators=[_REQUIRED, most, *more.pop("checks", [])], **more)


def _repeat() -> PasswordField:
    same = EqualTo("password", _l("The two passwords are not the same."))
    return _secret(_l("The new password once more"), checks=[same])


@cache
def language_choices() -> Choices:
    """Return the languages of the interface, each named in itself."""
    return [(tag, Locale.parse(tag).get_display_name(tag) or tag) for tag in LANGUAGES]


@cache
def time_zone_choices() -> Choices:
    """Return the zones of places, those most used here first."""
    places = sorted(
        name
        for name in available_timezones()
        if "/" in name and not name.startswith(("Etc/", "SystemV/", "US/", "posix/", "right/"))
    )
    names = [*_MOST_USED_ZONES, *(name for name in places if name not in _MOST_USED_ZONES), "UTC"]
    return [(name, f"{name.replace('_', ' ')} ({_offset(name)})") for name in names]


def _offset(name: str) -> str:
    """Return UTC+09:00 as it is at present."""
    text = now().astimezone(ZoneInfo(name)).strftime("%z")
    return f"UTC{text[:3]}:{text[3:5]}"


@cache
def country_choices(language: str) -> Choices:
    """Return the countries and territories by name, in a language."""
    territories = Locale.parse(language).territories
    found = [
        (name, code)
        for code, name in territories.items()
        if len(code) == len("JP") and code.isalpha() and code not in _NO_COUNTRIES
    ]
    return [(code, name) for name, code in sorted(found)]


class SignInForm(TomoniForm):
    """Signing in."""

    identifier = _text(_l("Sign-in ID or e-mail address"), 320, required=True)
    password = _secret(_l("Password"))


class ForgottenForm(TomoniForm):
    """Asking for a link to set a new password."""

    identifier = _text(_l("Sign-in ID or e-mail address"), 320, required=True)


class NewPasswordForm(TomoniForm):
    """Setting a password by a link."""

    password = _secret(_l("New password"))
    repeat = _repeat()


class ChangePasswordForm(TomoniForm):
    """Changing one's own password."""

    current = _secret(_l("Present password"))
    password = _secret(_l("New password"))
    repeat = _repeat()


class AddressForm(TomoniForm):
    """Asking for another address."""

    new_address = _text(_l("New e-mail address"), 320, required=True)
    current = _secret(_l("Present password"))


class TimeZoneForm(TomoniForm):
    """Choosing a time zone."""

    timezone = _select(_l("Time zone"), choices=lambda: options(time_zone_choices()))


class ProfileForm(TomoniForm):
    """What people say of themselves."""

    family_name = _text(_l("Family name"), 80)
    given_name = _text(_l("Given name"), 80)
    family_kana = _text(_l("Family name in kana"), 80)
    given_kana = _text(_l("Given name in kana"), 80)
    romanised_family = _text(_l("Family name in Latin letters"), 80)
    romanised_given = _text(_l("Given name in Latin letters"), 80)
    romanised_order = _select(
        _l("Order on papers in English"),
        choices=[
            SelectChoice("family_first", _l("Family name first (YAMADA Haruo)")),
            SelectChoice("given_first", _l("Given name first (Haruo Yamada)")),
        ],
        default="family_first",
    )
    full_name = _text(_l("Full name, as on your certificate"), 200)
    call_me = _text(_l("How shall we address you?"), 80)
    other_name = _text(_l("Name in use or former name"), 80)
    language = _select(
        _l("Language of pages and mail"), choices=lambda: options(language_choices())
    )
    timezone = _select(
        _l("Time zone"), choices=lambda: options(time_zone_choices()), default=_MOST_USED_ZONES[0]
    )
    country = _select(_l("Country where you take part"))

    def offer_countries(self, language: str) -> None:
        """Fill in the countries, named in the reader's language."""
        self.country.choices = options([("", _("Not stated")), *country_choices(language)])


class PersonForm(ProfileForm):
    """An account at the desk."""

    login_id = _text(_l("Sign-in ID"), 60)
    address = _text(_l("E-mail address"), 320)


class NewPersonForm(PersonForm):
    """An account to be added."""

    organisation_id = _select(_l("Organisation"))
    invite = BooleanField(_l("Send the invitation now"), default=True)

    def offer_organisations(self, organisations: Choices) -> None:
        """Fill in the organisations."""
        self.organisation_id.choices = options(organisations)


class MembershipForm(TomoniForm):
    """A dated membership."""

    organisation_id = _select(_l("Organisation"))
    post = _text(_l("Post"), 120)
    starts_on = DayField(_l("First day"))
    ends_on = DayField(_l("Last day"))

    def offer_organisations(self, organisations: Choices) -> None:
        """Fill in the organisations."""
        self.organisation_id.choices = options(organisations)


class RoleForm(TomoniForm):
    """A role with its scope."""

    role = _select(_l("Role"))
    organisation_id = _select(_l("For the members of (coordinators)"))

    def offer(self, organisations: Choices) -> None:
        """Fill in roles and organisations."""
        self.role.choices = options([(role.value, role_label(role)) for role in Role])
        self.organisation_id.choices = options([("", _("Everywhere")), *organisations])


class PlaceForm(TomoniForm):
    """What an organisation is and where it stands."""

    code = _text(_l("Code"), 40, required=True)
    level = _select(_l("Level"))
    parent_id = _select(_l("Organisation above it"))
    order = PlainIntegerField(_l("Protocol order"), default=0)
    country = _select(_l("Country"), default="JP")

    def offer(self, levels: Iterable[tuple[str, str]], parents: Choices, language: str) -> None:
        """Fill in levels (the site's words), organisations and countries."""
        words = dict(levels)
        self.level.choices = options(
            [(level.value, words.get(level.value, level.value)) for level in Level]
        )
        self.parent_id.choices = options([("", _("None (at the top)")), *parents])
        self.country.choices = options(country_choices(language))


class NameForm(TomoniForm):
    """A dated name of an organisation."""

    name_ja = _text(_l("Name in Japanese"), 200)
    name_en = _text(_l("Name in English"), 200)
    starts_on = DayField(_l("First day of this name"))
    ends_on = DayField(_l("Last day of this name"))


class OrganisationForm(PlaceForm):
    """An organisation to be added, with its first name."""

    name_ja = _text(_l("Name in Japanese"), 200)
    name_en = _text(_l("Name in English"), 200)
