"""The worker's part: closing, reminders, retention, letters, and the journal."""

from typing import Any

from lms.infra.audit import record_act
from lms.infra.current import current_settings, current_storage
from lms.infra.db import unit_of_work
from lms.infra.i18n import speaking
from lms.infra.jobs.running import JobContext
from lms.infra.retention import BATCH, all_kept, days_kept, forgotten_before
from lms.infra.site import read_site
from lms.kernel import clock
from lms.kernel.actor import SYSTEM
from lms.recordings.operations import discard
from lms.rights.operations.asking import expire_requests, note_reminders
from lms.rights.operations.closing import destroy_stored, finish_destruction
from lms.rights.operations.consenting import keep_copy
from lms.rights.operations.copies import print_copy
from lms.rights.operations.expiring import (
    ask_renewal,
    due_renewals,
    end_week,
    is_office_hour,
    remind_of_endings,
)
from lms.rights.operations.freezing import follow_the_day
from lms.rights.operations.journal import append_missing
from lms.rights.operations.shelving import UNCHECKED, JudgedFile, judge_incoming, settle_file
from lms.rights.queries.backlog import find_shelf_file
from lms.rights.queries.closing import get_record
from lms.rights.queries.consents import find_letter
from lms.rights.texts.letters import copy_document, organisation_words, sender, spoken


def destroy_closed(context: JobContext, payload: dict[str, Any]) -> None:
    """Destroy the files of a closed recording, then write down that they are gone.

    Killed in the middle it begins again: what is gone is gone.
    """
    record = get_record(str(payload["record_id"]))
    if record is None or record.done_at is not None:
        return
    context.phase(0)
    destroy_stored(current_storage(), record)
    context.phase(900)
    with context.finish():
        finish_destruction(SYSTEM, record.id, clock.now())


def write_journal(context: JobContext, _payload: dict[str, Any]) -> None:
    """Write withdrawals, takedowns and closings that the journal does not hold yet."""
    del context
    append_missing(current_settings().journal_dir)


def shelve_file(context: JobContext, payload: dict[str, Any]) -> None:
    """Judge a file that came in for the backlog, and give it to the item that waits for it."""
    storage, file_id = current_storage(), str(payload["file_id"])
    file = find_shelf_file(file_id)
    if file is None or file.state != "waiting":
        return
    key = file.key
    context.phase(0)
    try:
        judged = judge_incoming(storage, file_id)
    except Exception:  # so that a file which no attempt could judge does not wait for ever
        if not context.is_last_attempt:
            raise
        judged = JudgedFile(None, UNCHECKED)
    attached = False
    try:
        with context.finish():
            attached = judged is not None and settle_file(file_id, judged, clock.now())
    except BaseException:
        discard(storage, None if judged is None else judged.received)
        raise
    if judged is not None and not attached:
        discard(storage, judged.received)
    storage.delete_tree(key.removesuffix("/source"))


def print_consent(context: JobContext, payload: dict[str, Any]) -> None:
    """Set the signed copy of an answer, unless the page that took it has done so."""
    letter = find_letter(str(payload["request_id"]))
    if letter is None or letter.request.document_key or letter.request.state != "answered":
        return
    request_id, language = letter.request.id, spoken(letter.request.language)
    with speaking(language):
        document = copy_document(letter, organisation_words(language))
        author = sender(language)
    context.phase(100)
    key, digest = print_copy(
        current_storage(), request_id, document.blocks, language=language,
        title=document.title, author=author, at=document.at, foot=document.foot,
    )  # fmt: skip
    with context.finish():
        keep_copy(request_id, key, digest, clock.now())


def remind_of_consents(context: JobContext, _payload: dict[str, Any]) -> None:
    """Remind rightsholders whose day comes near, and close links that have run out."""
    with context.finish():
        at = clock.now()
        expire_requests(at)
        note_reminders(at)


def watch_over_rights(context: JobContext, _payload: dict[str, Any]) -> None:
    """Let cut copies follow the day; remind of what ends, ask to renew it, write the digest.

    People are written to in office hours in Japan only. Whatever was told is noted in the same
    transaction, so that an hour later nothing is told again.
    """
    at = clock.now()
    with unit_of_work():
        follow_the_day(at)
    if not is_office_hour(at):
        return
    for endings in due_renewals(at).values():
        with unit_of_work():
            ask_renewal(SYSTEM, endings, at)
    with context.finish():
        remind_of_endings(at)
        end_week(at)


def apply_retention(context: JobContext, _payload: dict[str, Any]) -> None:
    """Forget what has been kept for as long as the site says, in small steps."""
    at = clock.now()
    gone: dict[str, int] = {}
    for kind in all_kept():
        days = days_kept(kind, read_site().retention)
        before = forgotten_before(days, at)
        while days and kind.count(before):
            with unit_of_work():
                count = kind.forget(before, BATCH)
            gone[kind.name] = gone.get(kind.name, 0) + count
            context.phase(500)
            if not count:
                break
    with context.finish():
        if gone:
            record_act(SYSTEM, "retention.applied", "site", "1", at=at, **gone)


JOBS = {
    "apply_retention": apply_retention,
    "watch_over_rights": watch_over_rights,
    "destroy_closed": destroy_closed,
    "print_consent": print_consent,
    "remind_of_consents": remind_of_consents,
    "shelve_file": shelve_file,
    "write_journal": write_journal,
}
TICKS = {
    "apply_retention": 86400,
    "watch_over_rights": 3600,
    "remind_of_consents": 3600,
    "write_journal": 60,
}
