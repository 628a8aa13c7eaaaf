"""What a course holds beside its film and its paper, so that every route has something to find.

A film held elsewhere, a shelf, a letter that was answered, a recording that was closed, a copy
to take away and one that was handed out.
"""

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import select

from lms.courses.models import Edition
from lms.courses.rules import EditionNotice
from lms.infra.audit import record_act
from lms.infra.current import current_storage
from lms.infra.db import db, unit_of_work
from lms.infra.jobs.running import LEASE, claim_job, run_claim
from lms.kernel.actor import Actor
from lms.kernel.ids import new_id
from lms.people.models import Person
from lms.recordings.jobs import JOBS
from lms.recordings.models import MediaKind
from lms.recordings.operations import (
    Details,
    add_link,
    add_recording,
    request_copy,
    set_chapters,
)
from lms.recordings.queries import get_recording
from lms.rights.models import ConsentItem, ConsentRequest, ShelfHolder, ShelfItem
from lms.rights.operations import (
    AgreementDetails,
    PublicationDetails,
    TermDetails,
    add_agreement,
    ask_consent,
    propose_agreement,
    publish_recording,
)
from lms.rights.operations.closing import close_recording
from lms.rights.operations.consenting import enter_paper
from lms.rights.operations.copies import store_scan
from lms.rights.operations.shelving import keep_sheet, read_file, take_sheet
from lms.rights.rules import Reach
from lms.rights.rules.consent import ConsentTerms, ItemAnswer
from lms.rights.rules.shelf import Place
from lms.sessions.models import (
    EditionPostponement,
    PlannedSession,
    PostponementAnswer,
    ReportedPerson,
)
from lms.sessions.operations.groups import GroupPlan, Placing, add_group, place_people
from lms.sessions.operations.reporting import SentReport, keep_report
from lms.watching.operations import copy_key
from tests.conftest import NOW


@dataclass(frozen=True, slots=True)
class Course:
    """For whom and by whom it is made. `word` marks everything, `private` what staff alone see."""

    edition_id: str
    word: str
    private: str
    staff: Actor
    speaker: Person
    details: Details
    paper: Path


def agree(
    recording_id: str, speaker: Person, private: str, staff: Actor, actions: tuple[str, ...]
) -> str:
    """Let the speaker agree to actions for everyone, and publish them; return the agreement."""
    term = {"actions": sorted(actions), "audience": {"reach": "outside"}}
    with unit_of_work():
        agreement = add_agreement(
            staff, recording_id,
            AgreementDetails(
                holder_name=f"Holder {private}", holder_person_id=speaker.id,
                signed_on=date(2026, 10, 1), recording_consent=True, note=private,
                grants=(TermDetails(term),),
            ),
            NOW,
        )  # fmt: skip
    with unit_of_work():
        publish_recording(
            staff, recording_id, PublicationDetails(actions=actions, reach=Reach.OUTSIDE), NOW
        )
    return agreement.id


def run_job(name: str) -> None:
    """Run the one job of a name that waits."""
    claim = claim_job([name], "w", NOW + timedelta(days=1), LEASE)
    assert claim is not None
    run_claim(claim, JOBS[name], LEASE, threading.Event())


def add_holdings(course: Course) -> Mapping[str, str]:
    """Add a film held elsewhere, a paper from the shelves and a recording that was closed."""
    return {
        "link_id": _link(course),
        **_shelf(course),
        "closed_id": _closed(course),
    }


def add_report(live_session_id: str, private: str, staff: Actor) -> Mapping[str, str]:
    """Add a report that is only shown, and somebody in an earlier one who waits."""
    content = (
        "Name (original name),Email,Join time,Leave time,Duration (minutes),Guest\r\n"
        f"{private},,2026-10-12 10:00:00,2026-10-12 11:00:00,60,Yes\r\n"
    ).encode()
    waiting = ReportedPerson(
        live_session_id=live_session_id, identity=new_id(), name=f"Guest {private}", minutes=1
    )
    with unit_of_work():
        kept = keep_report(
            staff, live_session_id, SentReport(f"{private}.csv", content, "Asia/Tokyo"), at=NOW
        )
        db.session.add(waiting)
    return {"report_id": kept.id, "reported_id": waiting.id}


def add_postponement(edition_id: str, learner: Person) -> None:
    """Have the learner asked whether new dates suit them; the sessions stay where they are."""
    until = NOW + timedelta(days=5)
    notice = EditionNotice(
        "moved", "weather", {}, NOW, shown_until=until + timedelta(days=5), answer_until=until
    )
    with unit_of_work():
        db.session.get_one(Edition, edition_id).notice = notice.kept()
        row = EditionPostponement(
            edition_id=edition_id, kind="moved", cause="weather", words={}, lines=[],
            answer_until=until, at=NOW,
        )  # fmt: skip
        db.session.add(row)
        db.session.flush()
        db.session.add(PostponementAnswer(postponement_id=row.id, person_id=learner.id))


def add_copies(course: Course, film_id: str, paper_id: str, reader: Actor) -> Mapping[str, str]:
    """Give the film chapters and a file to take away, and the reader a stamped paper."""
    with unit_of_work():
        set_chapters(course.staff, film_id, f"0:00 Beginning {course.word}", NOW)
        request_copy(course.staff, film_id, [], NOW)
    run_job("make_copy")
    serial = new_id()
    with course.paper.open("rb") as stream:
        current_storage().put(copy_key(get_recording(paper_id), reader.person_id, serial), stream)
    with unit_of_work():
        record_act(reader, "handout.downloaded", "recording", paper_id, at=NOW,
                   serial=serial, code="ALLOW", media_version=1)  # fmt: skip
    return {"serial": serial}


def answer_letter(course: Course, paper_id: str, holder_id: str) -> Mapping[str, str]:
    """Have a letter answered on paper: its link opens the copy and lets it be taken back."""
    terms = ConsentTerms(uses=frozenset({"display"}), last_on=date(2027, 3, 31))
    with unit_of_work():
        asked = propose_agreement(
            course.staff, paper_id, holder_id, "slides", terms, NOW, scope="segment"
        )
        letter = ask_consent(course.staff, holder_id, [asked.id], NOW, message=course.word)
    with course.paper.open("rb") as stream:
        key, digest, name = store_scan(current_storage(), letter.id, stream, "scan.pdf")
    items = db.session.scalars(select(ConsentItem.id).where(ConsentItem.request_id == letter.id))
    answers = {item: ItemAnswer("yes") for item in items}
    secret = f"answered-{new_id()}"
    with unit_of_work():
        enter_paper(
            course.staff, letter.id, answers, NOW, signed_on=NOW.date(), document_key=key,
            document_name=name, document_sha256=digest,
        )  # fmt: skip
        row = db.session.get_one(ConsentRequest, letter.id)
        row.token_sha256 = hashlib.sha256(secret.encode()).hexdigest()
    return {
        "answered_request_id": letter.id,
        "signed_agreement_id": asked.id,
        "answered": secret,
    }


def _link(course: Course) -> str:
    address = f"https://{course.word or 'films'}.example/watch/1"
    with unit_of_work():
        link = add_link(course.staff, course.edition_id, course.details, address, NOW)
    agree(link.id, course.speaker, course.private, course.staff, ("play",))
    return link.id


def _shelf(course: Course) -> Mapping[str, str]:
    private = course.private
    rows = f"Title,Kind,Speaker\nOld {private},paper,Old holder {private}\n"
    sheet, sha256 = read_file(rows.encode())
    with unit_of_work():
        kept = keep_sheet(
            course.staff, private, sheet, NOW, sha256=sha256,
            fallback=Place(edition_id=course.edition_id),
        )  # fmt: skip
        assert take_sheet(course.staff, kept.id, NOW).made == 1
    item = db.session.scalars(select(ShelfItem).where(ShelfItem.import_id == kept.id)).one()
    holder = db.session.scalars(
        select(ShelfHolder).where(ShelfHolder.recording_id == item.recording_id)
    ).one()
    return {
        "shelf_id": item.recording_id,
        "shelf_holder_id": holder.rightsholder_id,
        "shelf_item": f"{item.recording_id}.{holder.kind}",
    }


def _closed(course: Course) -> str:
    with unit_of_work():
        paper = add_recording(course.staff, course.edition_id, MediaKind.PAPER, course.details, NOW)
    with unit_of_work():
        close_recording(course.staff, paper.id, course.private, (), NOW, by_hand=[course.private])
    return paper.id


def add_groups(edition_id: str, word: str, learner: Person, staff: Actor) -> Mapping[str, str]:
    """Make two seminar groups with the learner in the first, and an entry of a planned timetable.

    Return the id of the first.
    """
    with unit_of_work():
        first, _second = (
            add_group(staff, edition_id, GroupPlan(title={"ja": f"{ja} {word}", "en": en}), at=NOW)
            for ja, en in (("第1ゼミ", f"Seminar 1 {word}"), ("第2ゼミ", f"Seminar 2 {word}"))
        )
        place_people(staff, edition_id, [Placing(learner.id, first, None)], at=NOW)
        db.session.add(
            PlannedSession(
                edition_id=edition_id, day=1, starts="09:00", ends="10:00",
                title={"ja": f"開校式 {word}", "en": f"Opening {word}"},
            )
        )  # fmt: skip
    return {"group_id": first}
