"""Handouts taken away as a file: a copy of one's own, with name, moment and serial."""

from typing import Any

from flask import Response, abort, make_response, redirect, render_template, request, url_for

from lms.infra.audit import record_act
from lms.infra.current import current_storage
from lms.infra.db import unit_of_work
from lms.infra.jobs.ledger import enqueue
from lms.infra.web.access import PUBLIC, RIGHTS_DESK, access, current_actor
from lms.infra.web.files import stored_answer
from lms.kernel import clock
from lms.kernel.ids import new_id
from lms.people.queries import list_names
from lms.rights.policy import may_manage_rights
from lms.rights.rules import Action
from lms.watching.operations import COPY_KEPT, copy_key, make_copy, read_serial
from lms.watching.queries import (
    Viewing,
    decide_for,
    find_handed_copy,
    get_shown,
    get_source_key,
)
from lms.watching.views.answers import file_name, guard
from lms.watching.views.blueprint import blueprint
from lms.watching.views.handouts import bars_copies, get_paper, is_granted, stamp_of
from lms.watching.views.refusing import refused_page, stated_country


@blueprint.get("/recordings/<recording_id>/file.pdf")
@access(PUBLIC)
def download(recording_id: str) -> Any:
    """Make a copy with name, moment and serial where one may be taken, and lead to it."""
    recording = get_paper(recording_id)
    at = clock.now()
    viewing = _decide(recording_id)
    if not _may_take(viewing):
        return refused_page(get_shown(recording_id, None), viewing, at)
    if request.method == "HEAD":
        return guard(Response(mimetype="application/pdf"))
    serial = new_id()
    key = copy_key(recording, current_actor().person_id, serial, viewing.left_out)
    make_copy(
        current_storage(), get_source_key(recording, viewing.left_out), stamp_of(at, serial), key,
        across=viewing.decision.obligations.watermark,
    )  # fmt: skip
    with unit_of_work():
        record_act(current_actor(), "handout.downloaded", "recording", recording_id, at=at,
                   serial=serial, code=viewing.decision.code.value,
                   media_version=recording.media_version)  # fmt: skip
        enqueue("forget_copy", {"key": key}, run_at=at + COPY_KEPT)
    lead = url_for(
        "watching.own_copy", recording_id=recording_id, serial=serial, country=stated_country()
    )
    return guard(make_response(redirect(lead, 303)))


@blueprint.get("/recordings/<recording_id>/copies/<serial>.pdf")
@access(PUBLIC)
def own_copy(recording_id: str, serial: str) -> Any:
    """Answer with one's own stamped copy, in ranges too; decided anew each time."""
    recording = get_paper(recording_id)
    at = clock.now()
    viewing = _decide(recording_id)
    if not _may_take(viewing):
        return refused_page(get_shown(recording_id, None), viewing, at)
    person_id = current_actor().person_id
    key = copy_key(recording, person_id, read_serial(serial) or "none", viewing.left_out)
    if not current_storage().exists(key):
        abort(404)
    return guard(stored_answer(key, "application/pdf", download_name=file_name(recording, "pdf")))


@blueprint.get("/desk/handouts/copies")
@access(RIGHTS_DESK)
def whose_copy() -> Any:
    """Say whose copy a serial stands on, to who looks after the paper's rights (`?serial=`)."""
    asked = request.args.get("serial", "").strip()[:100]
    found = find_handed_copy(read_serial(asked))
    if found is not None and not may_manage_rights(current_actor(), found.recording):
        found = None
    name = ""
    if found is not None and found.person_id is not None:
        names = list_names([found.person_id])
        name = next((one.shown for one in names.values()), "")
    return render_template("watching/whose_copy.html", asked=asked, found=found, name=name)


def _decide(recording_id: str) -> Viewing:
    return decide_for(
        current_actor(), recording_id, Action.DOWNLOAD, clock.now(), country=stated_country()
    )


def _may_take(viewing: Viewing) -> bool:
    return is_granted(viewing, Action.DOWNLOAD) and not bars_copies(viewing.decision)
