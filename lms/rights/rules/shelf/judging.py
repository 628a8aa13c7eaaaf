"""Rows against what is there already: what each would make, or why it makes nothing."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from lms.kernel.japanese import search_key
from lms.rights.rules.shelf.files import file_key
from lms.rights.rules.shelf.rows import Fault, Holder, ShelfRow


class RowState(StrEnum):
    """What a row would do."""

    NEW = "new"
    KNOWN = "known"
    FAULTY = "faulty"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an item goes: into an edition, or into the archive of a programme."""

    edition_id: str | None = None
    programme_id: str | None = None


@dataclass(frozen=True, slots=True)
class PlaceTree:
    """Programmes and editions that the importer looks after, found by code or title.

    `programmes` maps a word to programme ids, `editions` to (programme id, edition id); words
    are `search_key`s. `archives` maps programmes to the edition that is their archive; those
    in `closed` get none any more. `fallback` is where rows go that name no course.
    """

    programmes: Mapping[str, frozenset[str]]
    editions: Mapping[str, frozenset[tuple[str, str]]]
    archives: Mapping[str, str] = field(default_factory=dict)
    closed: frozenset[str] = frozenset()
    fallback: Place | None = None


@dataclass(frozen=True, slots=True)
class KnownHolder:
    """A rightsholder on file, by the address under which a row names them."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class ShelfFacts:
    """What the judgement reads of the database: by address, by fingerprint, by file key."""

    places: PlaceTree
    holders: Mapping[str, KnownHolder] = field(default_factory=dict)
    fingerprints: frozenset[str] = frozenset()
    file_keys: frozenset[str] = frozenset()
    today: date | None = None


@dataclass(frozen=True, slots=True)
class JudgedRow:
    """A row with its verdict. `cautions` let it pass and want a look."""

    row: ShelfRow
    state: RowState
    place: Place | None = None
    faults: tuple[Fault, ...] = ()
    cautions: tuple[Fault, ...] = ()


def judge_rows(rows: Sequence[ShelfRow], facts: ShelfFacts) -> list[JudgedRow]:
    """Judge every row; the later of two equal ones is faulty."""
    prints: dict[str, int] = {}
    names = _names_by_address(rows)
    people = _organisations_by_name(rows)
    files = Counter(file_key(row.file) for row in rows if row.file)
    judged = []
    for row in rows:
        faults = list(row.faults)
        cautions: list[Fault] = []
        found = _place(row, facts.places)
        place = None if isinstance(found, Fault) else found
        if isinstance(found, Fault):
            faults.append(found)
        if row.recorded_on and facts.today and row.recorded_on > facts.today:
            faults.append(Fault("recorded_on", "day_to_come"))
        fingerprint = row.fingerprint
        if fingerprint in prints:
            faults.append(Fault("", "row_twice", (("line", str(prints[fingerprint])),)))
        else:
            prints[fingerprint] = row.line
        for holder in row.holders:
            faults.extend(_address_faults(holder, names, facts))
            if len(people[search_key(holder.name)]) > 1:
                cautions.append(Fault("speaker", "namesake", (("name", holder.name),)))
        known = fingerprint in facts.fingerprints
        if row.file and not known:
            key = file_key(row.file)
            if files[key] > 1 or key in facts.file_keys:
                cautions.append(Fault("file", "file_twice", (("name", row.file),)))
        if not row.holders:
            cautions.append(Fault("speaker", "nobody_named"))
        state = RowState.FAULTY if faults else RowState.KNOWN if known else RowState.NEW
        judged.append(
            JudgedRow(row, state, place, tuple(dict.fromkeys(faults)), tuple(cautions))
        )  # fmt: skip
    return judged


def count_states(rows: Iterable[JudgedRow]) -> Mapping[RowState, int]:
    """Return how many rows would do what."""
    counted = Counter(row.state for row in rows)
    return {state: counted[state] for state in RowState}


def _place(row: ShelfRow, places: PlaceTree) -> Place | Fault:
    course, edition = row.course, row.edition
    if not course and not edition:
        return _fallback(places)
    programmes = places.programmes.get(search_key(course), frozenset()) if course else None
    if programmes is not None and not programmes and not edition and "/" in course:
        course, edition = _split(course)
        return _place(replace(row, course=course, edition=edition), places)
    if programmes is not None and len(programmes) != 1:
        code = "course_several" if programmes else "course_unknown"
        return Fault("course", code, (("text", course[:80]),))
    if not edition:
        return _archive(next(iter(programmes or ())), course, places)
    return _edition(edition, programmes, places)


def _fallback(places: PlaceTree) -> Place | Fault:
    if places.fallback is None:
        return Fault("course", "place_missing")
    programme_id = places.fallback.programme_id
    return places.fallback if programme_id is None else _archive(programme_id, "", places)


def _edition(word: str, programmes: frozenset[str] | None, places: PlaceTree) -> Place | Fault:
    found = {
        one
        for programme, one in places.editions.get(search_key(word), frozenset())
        if programmes is None or programme in programmes
    }
    if len(found) != 1:
        code = "edition_several" if found else "edition_unknown"
        return Fault("edition", code, (("text", word[:80]),))
    return Place(edition_id=found.pop())


def _archive(programme_id: str, course: str, places: PlaceTree) -> Place | Fault:
    """Return the archive of a programme, made when the first item goes there."""
    if programme_id in places.archives:
        return Place(edition_id=places.archives[programme_id])
    if programme_id in places.closed:
        return Fault("course", "course_closed", (("text", course[:80]),))
    return Place(programme_id=programme_id)


def _split(course: str) -> tuple[str, str]:
    """Read `programme/edition`, as it stands in a course's address."""
    programme, _slash, edition = course.partition("/")
    return programme.strip(), edition.strip()


def _names_by_address(rows: Iterable[ShelfRow]) -> Mapping[str, tuple[str, int]]:
    """Return by address the name that stands with it first, and in which line."""
    names: dict[str, tuple[str, int]] = {}
    for row in rows:
        for holder in row.holders:
            if holder.email:
                names.setdefault(holder.email.casefold(), (holder.name, row.line))
    return names


def _organisations_by_name(rows: Iterable[ShelfRow]) -> Mapping[str, set[tuple[str, str, str]]]:
    people: dict[str, set[tuple[str, str, str]]] = {}
    for row in rows:
        for holder in row.holders:
            people.setdefault(search_key(holder.name), set()).add(holder.key)
    return people


def _address_faults(
    holder: Holder, names: Mapping[str, tuple[str, int]], facts: ShelfFacts
) -> Iterable[Fault]:
    """Refuse an address that stands with another name, in the sheet or on file.

    Variants of a character (the two forms of "taka") are the same name.
    """
    address = holder.email.casefold()
    if not address:
        return
    name, first = names[address]
    if search_key(name) != search_key(holder.name):
        yield Fault("email", "address_of_other_line", (("line", str(first)), ("name", name)))
    known = facts.holders.get(address)
    if known is not None and search_key(known.name) != search_key(holder.name):
        yield Fault("email", "address_of_known", (("name", known.name),))
