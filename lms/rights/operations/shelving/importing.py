"""From a sheet to the backlog: kept as it was shown, entered once it is confirmed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from lms.courses.models import Edition, EditionState, Mode, Programme
from lms.courses.operations import draft_edition
from lms.courses.rules import EditionPlan, PartPlan
from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.infra.i18n import LANGUAGES, N_, translate
from lms.kernel.actor import SYSTEM, Actor
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.people.queries import is_id
from lms.people.rules import clean_address, is_address
from lms.recordings.models import MediaKind, Recording
from lms.recordings.operations import Shelved, add_shelved
from lms.recordings.rules import safe_name
from lms.rights.errors import RightsRefusedError
from lms.rights.models import (
    Rightsholder,
    ShelfArchive,
    ShelfHolder,
    ShelfImport,
    ShelfItem,
)
from lms.rights.policy import require_rights_staff
from lms.rights.queries.backlog import read_shelf_facts
from lms.rights.queries.scopes import desk_scope
from lms.rights.rules.shelf import (
    Fault,
    Holder,
    JudgedRow,
    Place,
    RowState,
    Sheet,
    ShelfRow,
    count_states,
    file_key,
    judge_rows,
)

_CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of an import: entered, there already, and left out with faults."""

    made: int
    known: int
    faulty: int


def keep_sheet(
    actor: Actor, name: str, sheet: Sheet, at: datetime, *, sha256: str, fallback: Place | None
) -> ShelfImport:
    """Keep the rows of a sheet until they are confirmed; nothing else is written.

    `fallback` is where rows go that name no course. Raises InvalidInputError (place).
    """
    require_rights_staff(actor)
    _require_place(actor, fallback)
    kept = ShelfImport(
        name=safe_name(name)[:300],
        sha256=sha256,
        state="preview",
        edition_id=None if fallback is None else fallback.edition_id,
        programme_id=None if fallback is None else fallback.programme_id,
        rows=[_with_address_faults(row).to_json() for row in sheet.rows],
        created_by=actor.person_id,
        created_at=at,
    )
    db.session.add(kept)
    db.session.flush()
    return kept


def choose_place(actor: Actor, import_id: str, fallback: Place | None) -> ShelfImport:
    """Choose where rows of a kept sheet go that name no course.

    Raises NotFoundError, RightsRefusedError (import_over), InvalidInputError (place).
    """
    kept = _open_import(actor, import_id)
    _require_place(actor, fallback)
    kept.edition_id = None if fallback is None else fallback.edition_id
    kept.programme_id = None if fallback is None else fallback.programme_id
    return kept


def drop_sheet(actor: Actor, import_id: str) -> None:
    """Forget a kept sheet. Raises NotFoundError, RightsRefusedError (import_over)."""
    kept = _open_import(actor, import_id)
    kept.state = "dropped"
    kept.rows = []


def judge_import(actor: Actor, kept: ShelfImport, at: datetime) -> list[JudgedRow]:
    """Judge the rows of a kept sheet against what is there now."""
    rows = [ShelfRow.from_json(one) for one in kept.rows]
    fallback = None
    if kept.edition_id or kept.programme_id:
        fallback = Place(kept.edition_id, kept.programme_id)
    return judge_rows(rows, read_shelf_facts(actor, rows, fallback, at))


def judge_sheet(
    actor: Actor, sheet: Sheet, fallback: Place | None, at: datetime
) -> list[JudgedRow]:
    """Judge the rows of a sheet that is not kept. Raises InvalidInputError (place)."""
    require_rights_staff(actor)
    _require_place(actor, fallback)
    rows = [_with_address_faults(row) for row in sheet.rows]
    return judge_rows(rows, read_shelf_facts(actor, rows, fallback, at))


def take_sheet(actor: Actor, import_id: str, at: datetime) -> Taken:
    """Enter the rows of a kept sheet that are new and sound; the others are left out.

    They are judged anew, so that what somebody entered meanwhile is not entered twice. Raises
    NotFoundError, RightsRefusedError (import_over, import_empty, import_meanwhile).
    """
    kept = _open_import(actor, import_id)
    judged = judge_import(actor, kept, at)
    counts = count_states(judged)
    new = [one for one in judged if one.state is RowState.NEW]
    if not new and not counts[RowState.KNOWN]:
        raise RightsRefusedError("import_empty")
    try:
        _enter(actor, kept, new, at)
    except IntegrityError:  # two at the same moment; nothing of this one is written
        raise RightsRefusedError("import_meanwhile") from None
    kept.state = "taken"
    kept.taken_at = at
    kept.made = len(new)
    kept.rows = []  # names and addresses stand where they belong now
    record_act(
        actor, "rights.backlog_imported", "shelf_import", kept.id, at=at,
        made=len(new), known=counts[RowState.KNOWN], left_out=counts[RowState.FAULTY],
    )  # fmt: skip
    return Taken(len(new), counts[RowState.KNOWN], counts[RowState.FAULTY])


def _open_import(actor: Actor, import_id: str) -> ShelfImport:
    require_rights_staff(actor)
    kept: ShelfImport | None = lock_row(ShelfImport, import_id) if is_id(import_id) else None
    if kept is None or kept.created_by != actor.person_id:
        raise NotFoundError
    if kept.state != "preview":
        raise RightsRefusedError("import_over")
    return kept


def _require_place(actor: Actor, place: Place | None) -> None:
    """Refuse a place that the actor does not look after, as one that is not there."""
    if place is None:
        return
    scope = desk_scope(actor)
    programme_id: str | None = None
    if place.edition_id is not None and is_id(place.edition_id):
        edition = db.session.get(Edition, place.edition_id)
        programme_id = None if edition is None else edition.programme_id
    elif place.programme_id is not None and is_id(place.programme_id):
        programme = db.session.get(Programme, place.programme_id)
        if programme is not None and programme.archived_at is None:
            programme_id = programme.id
    if programme_id is None or not (scope.everything or programme_id in scope.programme_ids):
        raise InvalidInputError("place", "place_unknown")


def _with_address_faults(row: ShelfRow) -> ShelfRow:
    """Return a row whose addresses are as they are kept, or with what is wrong in them."""
    holders, faults = [], list(row.faults)
    for one in row.holders:
        email = clean_address(one.email)
        if email and not is_address(email):
            faults.append(Fault("email", "address_wrong", (("text", one.email),)))
        holders.append(Holder(one.kind, one.name, one.kana, one.organisation, email))
    return replace(row, holders=tuple(holders), faults=tuple(dict.fromkeys(faults)))


def _enter(actor: Actor, kept: ShelfImport, new: Sequence[JudgedRow], at: datetime) -> None:
    """Write items, rightsholders and who holds what, a few hundred rows a statement."""
    archives = {
        programme_id: _archive_of(actor, programme_id, at)
        for programme_id in sorted(
            {one.place.programme_id for one in new if one.place and one.place.programme_id}
        )
    }
    shelved = [
        Shelved(
            edition_id=_edition_of(one.place, archives),
            kind=MediaKind(one.row.kind),
            title=one.row.title,
            language=one.row.language,
            recorded_on=one.row.recorded_on,
            file_name=one.row.file,
            shelf=one.row.shelf,
        )
        for one in new
    ]
    _free_fingerprints([one.row.fingerprint for one in new])
    recordings = add_shelved(shelved, actor.person_id, at)
    db.session.add_all(
        ShelfItem(
            recording_id=recording.id,
            import_id=kept.id,
            row=one.row.line,
            fingerprint=one.row.fingerprint,
            file_key=file_key(one.row.file),
            note=one.row.note,
        )
        for recording, one in zip(recordings, new, strict=True)
    )
    db.session.flush()
    holders = _holders_of(actor, [one.row for one in new], at)
    db.session.add_all(
        ShelfHolder(recording_id=recording.id, rightsholder_id=key, kind=kind)
        for recording, one in zip(recordings, new, strict=True)
        for key, kind in dict.fromkeys((holders[h.key].id, h.kind) for h in one.row.holders)
    )
    for recording in recordings:
        record_act(actor, "recording.shelved", "recording", recording.id, at=at, by_import=kept.id)
    db.session.flush()


def _edition_of(place: Place | None, archives: Mapping[str, str]) -> str:
    if place is None:
        raise InvalidInputError("place", "place_unknown")
    return place.edition_id or archives[place.programme_id or ""]


def _archive_of(actor: Actor, programme_id: str, at: datetime) -> str:
    """Return the edition that is a programme's archive, made now if there is none.

    It is a draft without an application: its organiser may publish it like any other.
    """
    lock_row(Programme, programme_id)
    known = db.session.get(ShelfArchive, programme_id)
    if known is not None:
        return known.edition_id
    title = {tag: translate(tag, N_("Archive of recordings and papers")) for tag in LANGUAGES}
    part = {tag: translate(tag, N_("Recordings and papers")) for tag in LANGUAGES}
    plan = EditionPlan(title=title, mode=Mode.ON_DEMAND, languages=("ja",), parts=(PartPlan(part),))
    edition_id = draft_edition(plan, programme=programme_id, actor=SYSTEM, at=at)
    db.session.add(ShelfArchive(programme_id=programme_id, edition_id=edition_id))
    db.session.flush()
    record_act(
        actor, "rights.archive_made", "edition", edition_id, at=at, state=EditionState.DRAFT.value
    )
    return edition_id


def _free_fingerprints(fingerprints: Iterable[str]) -> None:
    """Let rows come in again whose recording was deleted since."""
    rest = iter(fingerprints)
    while chunk := list(islice(rest, _CHUNK)):
        db.session.execute(
            update(ShelfItem)
            .where(
                ShelfItem.fingerprint.in_(chunk),
                ShelfItem.recording_id.in_(
                    select(Recording.id).where(Recording.stage.in_(("deleted", "destroyed")))
                ),
            )
            .values(fingerprint="gone:" + ShelfItem.recording_id)
            .execution_options(synchronize_session=False)
        )


def _holders_of(
    actor: Actor, rows: Iterable[ShelfRow], at: datetime
) -> dict[tuple[str, str, str], Rightsholder]:
    """Find rightsholders by address, else by name and organisation; add who is not there.

    The same question as `find_or_add_rightsholder` asks for one, for all at once.
    """
    wanted: dict[tuple[str, str, str], tuple[Holder, str]] = {}
    for row in rows:
        for one in row.holders:
            wanted.setdefault(one.key, (one, row.language))
    by_address, by_name = _known_holders([one for one, _language in wanted.values()])
    found: dict[tuple[str, str, str], Rightsholder] = {}
    fresh: list[Rightsholder] = []
    for key, (one, language) in wanted.items():
        known = by_address.get(one.email) if one.email else None
        if known is None:
            known = by_name.get((one.name.strip(), one.organisation.strip()))
            if known is not None and known.email and one.email and not one.organisation.strip():
                known = None  # of the same name, written to elsewhere: another person
        if known is None:
            known = Rightsholder(
                name=one.name.strip(),
                kana=one.kana,
                organisation=one.organisation.strip(),
                email=one.email,
                # Names in Latin letters beside another language: their letter is in English.
                language="en" if language != "ja" and one.name.isascii() else "ja",
                created_by=actor.person_id,
                created_at=at,
            )
            fresh.append(known)
            by_name.setdefault((known.name, known.organisation), known)
        elif one.email and not known.email:
            known.email = one.email
            record_act(
                actor, "rightsholder.changed", "rightsholder", known.id, at=at, fields=["email"]
            )
        if one.email:
            by_address[one.email] = known
        found[key] = known
    db.session.add_all(fresh)
    db.session.flush()
    for holder in fresh:
        record_act(actor, "rightsholder.added", "rightsholder", holder.id, at=at)
    return found


def _known_holders(
    holders: Sequence[Holder],
) -> tuple[dict[str, Rightsholder], dict[tuple[str, str], Rightsholder]]:
    """Return who is on file by address, and by name and organisation; the oldest counts."""
    by_address: dict[str, Rightsholder] = {}
    by_name: dict[tuple[str, str], Rightsholder] = {}
    for start in range(0, len(holders), _CHUNK):
        chunk = holders[start : start + _CHUNK]
        for known in db.session.scalars(
            select(Rightsholder)
            .where(
                Rightsholder.email.in_([one.email for one in chunk if one.email])
                | Rightsholder.name.in_([one.name.strip() for one in chunk])
            )
            .order_by(Rightsholder.created_at, Rightsholder.id)
        ):
            if known.email:
                by_address.setdefault(known.email, known)
            by_name.setdefault((known.name, known.organisation), known)
    return by_address, by_name
