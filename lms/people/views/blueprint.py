"""The blueprint of people, what its views share, and what it gives every page."""

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, request, url_for
from flask_babel import gettext as _

from lms.infra.current import current_settings
from lms.infra.web.access import current_actor
from lms.infra.web.errors import refusal_sentence
from lms.infra.web.formats import zone_label
from lms.infra.web.forms import TomoniForm
from lms.infra.web.locale import ui_language, viewer_zone
from lms.kernel.errors import InvalidInputError
from lms.people.operations import Written
from lms.people.rules import local_path

blueprint = Blueprint("people", __name__, template_folder="../templates")

_SIGN_IN_PAGES = frozenset({"people.sign_in", "people.forgotten_password", None})


@blueprint.app_context_processor
def account_menu() -> dict[str, Any]:
    """Give every page the account menu, and the way to sign in and come back."""
    if current_actor().signed_in:
        return {
            "account_items": [
                {
                    "label": _("My account"),
                    "href": url_for("people.account"),
                    "icon": "person-gear",
                    "testid": "account-link",
                },
                {
                    "label": _("Agreements"),
                    "href": url_for("rights.my_consents"),
                    "icon": "shield-check",
                    "testid": "consents-link",
                },
                {
                    "label": _("Sign out"),
                    "href": url_for("people.sign_out"),
                    "icon": "box-arrow-right",
                    "post": True,
                    "testid": "sign-out",
                },
            ]
        }
    back = None
    if request.method == "GET" and request.endpoint not in _SIGN_IN_PAGES and request.path != "/":
        back = local_path(request.full_path.rstrip("?"))
    return {"sign_in_url": url_for("people.sign_in", next=back)}


def home() -> str:
    """Return where a person who has just signed in goes."""
    return "/desk" if current_actor().is_staff else "/my"


def wanted_path() -> str | None:
    """Return the local path to which the request wants to go back, or None."""
    return local_path(request.values.get("next"))


def refuse(form: TomoniForm, error: InvalidInputError) -> None:
    """Say under its field why an operation did not take a value."""
    form.refuse(error.field, refusal_sentence(error))


def status_of(form: TomoniForm) -> int:
    """Return the status with which a form is shown: 422 when it was sent and did not fit."""
    return 422 if form.is_submitted() else 200


def too_many(form: TomoniForm, again_at: datetime, at: datetime) -> tuple[int, dict[str, str]]:
    """Say above the form when to try again; return status and headers."""
    zone = viewer_zone()
    until = f"{again_at.astimezone(zone):%H:%M} {zone_label(zone, ui_language())}"
    form.refuse(
        "",
        _("There have been too many attempts. Please try again after %(time)s.", time=until),
    )
    seconds = max(1, round((again_at - at).total_seconds()))
    return 429, {"Retry-After": str(seconds)}


def secret_key() -> str:
    """Return the key under which subjects and sources of attempts are hashed."""
    return current_settings().secret_key


def tell_kana(form: Any, written: Written) -> None:
    """Tell the person which readings are kept in another form than typed."""
    for change in written.kana_changes:
        flash(
            _(
                "%(field)s: “%(typed)s” is kept as “%(kept)s”.",
                field=form[change.field].label.text,
                typed=change.typed,
                kept=change.kept,
            ),
            "info",
        )
