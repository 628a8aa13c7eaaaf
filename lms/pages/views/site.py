"""What belongs to the whole site: settings, accent colour, logo, the page of components."""

import io
import secrets
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _

from lms.infra.current import current_settings, current_storage
from lms.infra.db import unit_of_work
from lms.infra.site import read_site
from lms.infra.web.access import PUBLIC, STAFF, access, current_actor
from lms.infra.web.styleguide import render_styleguide
from lms.kernel import clock
from lms.pages.forms import SiteForm, logo_type
from lms.pages.operations import change_site
from lms.pages.policy import may_manage_site, require_site_manager

blueprint = Blueprint("web", __name__, template_folder="../templates")


@blueprint.get("/theme.css")
@access(PUBLIC)
def theme_css() -> Any:
    """Give the accent colour as a style sheet of its own; readable shades are derived there."""
    answer = Response(f":root{{--accent:{read_site().accent_hex}}}\n", mimetype="text/css")
    answer.headers["Cache-Control"] = "public, max-age=60"
    return answer


@blueprint.get("/logo")
@access(PUBLIC)
def logo() -> Any:
    """Give the federation's logo."""
    key = read_site().logo_key
    storage = current_storage()
    if not key or not storage.exists(key):
        abort(404)
    picture = storage.read(key)
    answer = Response(picture, mimetype=logo_type(picture[:16]) or "application/octet-stream")
    answer.headers["Cache-Control"] = "public, max-age=300"
    return answer


@blueprint.get("/styleguide")
@access(PUBLIC)
def styleguide() -> Any:
    """Show every component; in the demo only."""
    if not current_settings().demo:
        abort(404)
    return render_styleguide()


@blueprint.route("/desk/settings", methods=["GET", "POST"])
@access(STAFF)
def settings() -> Any:
    """Show and change the federation's own settings."""
    actor = current_actor()
    require_site_manager(actor)
    form = SiteForm() if SiteForm().is_submitted() else SiteForm.of(read_site())
    if form.is_submitted():
        if form.validate():
            key = read_site().logo_key
            if form.logo.data:
                picture = form.logo.data.stream.read()
                key = f"site/logo-{secrets.token_hex(6)}"
                current_storage().put(key, io.BytesIO(picture))
            with unit_of_work():
                change_site(actor, form.settings(key), at=clock.now())
            flash(_("Settings saved."), "done")
            return redirect(url_for("web.settings"), 303)
        return render_template("pages/settings.html", form=form), 422
    return render_template("pages/settings.html", form=form, may=may_manage_site(actor))
