"""All that one may watch or read, over all courses, and what protects it."""

from typing import Any

from flask import render_template, request

from lms.infra.site import read_site
from lms.infra.web.access import PUBLIC, SIGNED_IN, access, current_actor
from lms.infra.web.locale import ui_language
from lms.kernel import clock
from lms.pages.queries.library import find_library
from lms.pages.views.blueprint import blueprint
from lms.recordings.rules import KEY_SECONDS
from lms.watching.rules import TOKEN_LIFE

MAX_SEARCH = 100


@blueprint.get("/recordings")
@access(SIGNED_IN)
def library() -> Any:
    """List what one may see now; `?q=` searches titles and what is said."""
    text = request.args.get("q", "").replace("\0", "").strip()[:MAX_SEARCH]
    found = find_library(
        current_actor(),
        clock.now(),
        text=text,
        language=ui_language(),
        page=request.args.get("page", 1, type=int),
    )
    return render_template("pages/library.html", library=found, q=text)


@blueprint.get("/protection")
@access(PUBLIC)
def protection() -> Any:
    """Tell rightsholders plainly what this site stops and what it does not."""
    return render_template(
        "pages/protection.html",
        key_seconds=KEY_SECONDS,
        token_hours=TOKEN_LIFE // 3_600_000,
        contact=read_site().contact,
    )
