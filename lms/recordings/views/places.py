"""Where in an edition a recording belongs, as forms ask for it."""

from flask import request
from flask_babel import gettext as _

from lms.courses.queries import list_parts
from lms.infra.web.locale import ui_language
from lms.kernel.localized import localized, pick
from lms.recordings.forms import DetailsForm
from lms.recordings.models import Recording
from lms.recordings.operations import Details
from lms.recordings.queries import list_live_sessions


def list_places(edition_id: str) -> list[tuple[str, str]]:
    """Return what a recording of an edition may belong to: values of `place` and names."""
    language = ui_language()
    places = [("", _("The whole edition"))]
    places += [(f"part:{p.id}", pick(p.title, language).text) for p in list_parts(edition_id)]
    for key, title, _part in list_live_sessions(edition_id):
        name = pick(title, language).text
        places.append((f"session:{key}", _("Session: %(title)s", title=name)))
    return places


def wanted_place() -> str:
    """Return the place that the address preselects (`?part=` or `?session=`), else nothing."""
    if part := request.args.get("part"):
        return f"part:{part}"
    if meeting := request.args.get("session"):
        return f"session:{meeting}"
    return ""


def place_of(found: Recording) -> str:
    """Return the value of `place` where a recording belongs now."""
    if found.live_session_id:
        return f"session:{found.live_session_id}"
    return f"part:{found.part_id}" if found.part_id else ""


def details_of(form: DetailsForm) -> Details:
    """Return what staff wrote into the form."""
    kind, _sep, key = (form.place.data or "").partition(":")
    return Details(
        title=localized(form.title_ja.data or "", form.title_en.data or ""),
        language=form.language.data,
        part_id=key if kind == "part" else None,
        live_session_id=key if kind == "session" else None,
    )


def present_details(found: Recording) -> DetailsForm:
    """Return the form of details filled with what stands now, its places still to be set."""
    return DetailsForm(
        None,
        title_ja=found.title.get("ja", ""),
        title_en=found.title.get("en", ""),
        language=found.language,
        place=place_of(found),
    )
