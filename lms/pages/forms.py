"""Forms of pages that belong to the whole site."""

import re
from dataclasses import replace
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, ColorField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its stubs
from wtforms.validators import InputRequired, Length, Optional, Regexp, ValidationError

from lms.infra.site import SiteSettings, read_site
from lms.infra.web.forms import TomoniForm
from lms.kernel.localized import Localized, localized

LEVELS = ("hq", "industrial", "affiliate", "branch", "outside")
MAX_LOGO = 500_000


class SiteForm(TomoniForm):
    """What the federation sets of its own: name, look, certificates, words, year."""

    name_ja = StringField(_l("Name (Japanese)"), [InputRequired(), Length(max=100)])
    name_en = StringField(_l("Name (English)"), [Optional(), Length(max=100)])
    accent_hex = ColorField(
        _l("Accent colour"),
        [
            InputRequired(),
            Regexp(r"^#[0-9a-fA-F]{6}$", message=_l("Please choose a colour such as #21406b.")),
        ],
        description=_l("Used for links and main buttons. Red means “now” here, so choose another."),
    )
    logo = FileField(
        _l("Logo"), description=_l("PNG or JPEG, at most 500 kB. It stands before the name.")
    )
    issuer_ja = StringField(_l("Certificate issuer (Japanese)"), [Optional(), Length(max=100)])
    issuer_en = StringField(_l("Certificate issuer (English)"), [Optional(), Length(max=100)])
    issuer_title_ja = StringField(
        _l("Issuer's name and title (Japanese)"), [Optional(), Length(max=100)]
    )
    issuer_title_en = StringField(
        _l("Issuer's name and title (English)"), [Optional(), Length(max=100)]
    )
    fiscal_year_start = SelectField(
        _l("The fiscal year starts in"),
        coerce=int,
        choices=[SelectChoice(month, str(month)) for month in range(1, 13)],
    )
    contact = StringField(
        _l("Contact address"),
        [Optional(), Length(max=200)],
        description=_l("Shown in mails and at the foot of pages."),
    )
    second_approval = BooleanField(_l("Publishing a recording or a paper takes two people"))
    level_hq_ja = StringField(_l("Headquarters (Japanese)"), [InputRequired(), Length(max=60)])
    level_hq_en = StringField(_l("Headquarters (English)"), [InputRequired(), Length(max=60)])
    level_industrial_ja = StringField(
        _l("Industrial union (Japanese)"), [InputRequired(), Length(max=60)]
    )
    level_industrial_en = StringField(
        _l("Industrial union (English)"), [InputRequired(), Length(max=60)]
    )
    level_affiliate_ja = StringField(
        _l("Affiliated union (Japanese)"), [InputRequired(), Length(max=60)]
    )
    level_affiliate_en = StringField(
        _l("Affiliated union (English)"), [InputRequired(), Length(max=60)]
    )
    level_branch_ja = StringField(_l("Branch (Japanese)"), [InputRequired(), Length(max=60)])
    level_branch_en = StringField(_l("Branch (English)"), [InputRequired(), Length(max=60)])
    level_outside_ja = StringField(_l("Outside (Japanese)"), [InputRequired(), Length(max=60)])
    level_outside_en = StringField(_l("Outside (English)"), [InputRequired(), Length(max=60)])

    def validate_logo(self, field: Any) -> None:
        """Take a PNG or JPEG by its content, not by its name."""
        if not field.data:
            return
        head = field.data.stream.read(MAX_LOGO + 1)
        field.data.stream.seek(0)
        if len(head) > MAX_LOGO:
            raise ValidationError(_l("The logo is larger than 500 kB."))
        if logo_type(head) is None:
            raise ValidationError(_l("This is neither a PNG nor a JPEG image."))

    @classmethod
    def of(cls, site: SiteSettings) -> "SiteForm":
        """Return the form filled with the present settings."""
        values: dict[str, Any] = {
            "accent_hex": site.accent_hex,
            "fiscal_year_start": site.fiscal_year_start,
            "contact": site.contact,
            "second_approval": site.second_approval,
        }
        for key, text in (
            ("name", site.name),
            ("issuer", site.issuer),
            ("issuer_title", site.issuer_title),
            *((f"level_{level}", site.levels.get(level, {})) for level in LEVELS),
        ):
            values[f"{key}_ja"], values[f"{key}_en"] = text.get("ja", ""), text.get("en", "")
        return cls(data=values)

    def pair(self, key: str) -> Localized:
        """Return a text of the form in its two languages."""
        return localized(self[f"{key}_ja"].data or "", self[f"{key}_en"].data or "")

    def settings(self, logo_key: str) -> SiteSettings:
        """Return what the form says; what it does not ask for stays as it is."""
        return replace(
            read_site(),
            name=self.pair("name"),
            accent_hex=str(self.accent_hex.data).lower(),
            logo_key=logo_key,
            issuer=self.pair("issuer"),
            issuer_title=self.pair("issuer_title"),
            levels={level: self.pair(f"level_{level}") for level in LEVELS},
            fiscal_year_start=int(self.fiscal_year_start.data),
            contact=self.contact.data or "",
            second_approval=bool(self.second_approval.data),
        )


def logo_type(head: bytes) -> str | None:
    """Return the MIME type of a picture by its first bytes, or None."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    return "image/jpeg" if re.match(rb"\xff\xd8\xff", head) else None
