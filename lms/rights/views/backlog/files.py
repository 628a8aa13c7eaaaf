"""Files of the backlog: several at once, found by their names, judged by a job."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from lms.infra.current import current_settings, current_storage
from lms.infra.db import db, unit_of_work
from lms.infra.web.access import RIGHTS_DESK, access, current_actor, takes_files
from lms.kernel import clock
from lms.rights.forms.backlog import FilesForm
from lms.rights.operations.shelving import (
    keep_files,
    list_lacking,
    match_names,
    store_incoming,
)
from lms.rights.queries.backlog import list_files
from lms.rights.texts.backlog import file_fault_text
from lms.rights.views.blueprint import blueprint

_MOST = 200


@blueprint.route("/desk/rights/backlog/files", methods=["GET", "POST"])
@access(RIGHTS_DESK)
@takes_files
def backlog_files() -> Any:
    """Take several files; show which were found, which not, and which items lack theirs."""
    form = FilesForm()
    if form.validate_on_submit():
        sent = [one for one in form.files.data or [] if one and one.filename]
        if not sent:
            form.refuse("files", _("There is no file. Please choose one and send it."))
        elif len(sent) > _MOST:
            form.refuse("files", _("Please send at most %(most)s files at once.", most=_MOST))
        else:
            return _take(sent)
    files = list_files(current_actor())
    page = render_template(
        "rights/backlog_files.html",
        form=form,
        waiting=[one for one in files if one.state == "waiting"],
        taken=[one for one in files if one.state == "taken"],
        refused=[
            (one, file_fault_text(one.error_code))
            for one in files
            if one.state in {"failed", "unmatched"}
        ],
        lacking=list_lacking(current_actor()),
        max_bytes=current_settings().max_upload_mb * 1_000_000,
    )
    return page, 422 if form.is_submitted() else 200


def _take(sent: list[Any]) -> Any:
    storage, actor = current_storage(), current_actor()
    names = [one.filename for one in sent]
    matches = match_names(actor, names)
    db.session.rollback()  # no transaction stays open while files are stored
    incoming, unmatched = [], []
    try:
        for match, one in zip(matches, sent, strict=True):
            if match.recording_id is None:
                one.stream.seek(0, 2)
                unmatched.append((match, one.stream.tell()))
            else:
                incoming.append(store_incoming(storage, match, one.stream))
        with unit_of_work():
            keep_files(actor, incoming, unmatched, clock.now())
    except BaseException:
        for kept in incoming:
            storage.delete_tree(kept.key)
        raise
    if incoming:
        flash(
            ngettext(
                "%(num)s file came in and is being checked.",
                "%(num)s files came in and are being checked.",
                len(incoming),
            ),
            "done",
        )
    if unmatched:
        flash(
            ngettext(
                "%(num)s file was not taken, see below.",
                "%(num)s files were not taken, see below.",
                len(unmatched),
            ),
            "warn",
        )
    return redirect(url_for("rights.backlog_files"), 303)
