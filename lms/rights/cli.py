"""`lms rights …`: the decision for an auditor, and the journal after a restore.

The decision needs no database, settings or network.
"""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from lms.rights.errors import BadFactsError
from lms.rights.rules import decide_access, facts_from_case, org_tree_from_json
from lms.rights.rules.facts import Facts, OrgTree
from lms.rights.texts import message_of


@click.group("rights")
def rights() -> None:
    """Who may see which recording or handout, and why."""


@rights.command("decide")
@click.argument("file", required=False)
def decide(file: str | None) -> None:
    """Decide the case or cases in FILE (- reads standard input), one line of JSON each."""
    try:
        cases = _cases(_read(file))
    except BadFactsError as error:
        _refuse(str(error))
    lines = []
    for facts, at in cases:
        decision = decide_access(facts, at)
        answer = {**decision.to_json(), "message": message_of(decision)}
        lines.append(json.dumps(answer, ensure_ascii=False))
    # Bytes, because the terminal's encoding may not know Japanese.
    click.echo("".join(f"{line}\n" for line in lines).encode(), nl=False)


@rights.command("replay-journal")
@click.option("--check", is_flag=True, help="Only say whether something is to be replayed.")
@click.pass_obj
def replay_journal(make_app: Callable[[], Any], *, check: bool) -> None:
    """Bring back withdrawals, takedowns and closings that a restore has lost.

    Run it after every restore, before the site and the workers start; running it twice does no
    harm. With --check it ends with status 1 while something is to be replayed. Status 2: a line
    of the journal is damaged, so that somebody has to look.
    """
    # The decision above needs neither: imported only here.
    from lms.infra.current import current_settings  # noqa: PLC0415 - as said
    from lms.infra.db import unit_of_work  # noqa: PLC0415 - as said
    from lms.kernel import clock  # noqa: PLC0415 - as said
    from lms.rights.operations import journal  # noqa: PLC0415 - as said

    with make_app().app_context():
        folder = current_settings().journal_dir
        if check:
            lost = len(journal.unreplayed(folder))
            click.echo(f"To be replayed: {lost}.")
            sys.exit(1 if lost else 0)
        try:
            with unit_of_work():
                done = journal.replay(folder, clock.now())
        except (KeyError, TypeError, ValueError) as error:
            _refuse(f"The journal cannot be replayed, nothing was changed: {error}")
    click.echo(f"Replayed: {done.applied}. Known already: {done.known}.")
    if done.without_object:
        click.echo(f"About what this database does not know: {done.without_object}.")
    if done.damaged:
        _refuse(f"Damaged lines, which could not be read: {done.damaged}.")


@rights.command("shelve")
@click.option("--folder", type=click.Path(path_type=Path), help="Where the files lie.")
@click.option("--sheet", type=click.Path(path_type=Path), required=True, help="XLSX or CSV.")
@click.option("--place", default="", help="PROGRAMME or PROGRAMME/EDITION for rows without one.")
@click.option("--dry-run", is_flag=True, help="Say what would be done and write nothing.")
@click.pass_obj
def shelve(
    make_app: Callable[[], Any], folder: Path | None, sheet: Path, place: str, *, dry_run: bool
) -> None:
    """Enter what stands on the shelves: a list, and the files it names. May be run again.

    Files are found by name. Ends with 1 when a row or a file was left out, naming each.
    """
    if folder is not None and not folder.is_dir():
        _refuse(f"{folder} is no folder.")
    try:
        content = sheet.read_bytes()
    except OSError as error:
        _refuse(f"Cannot read {sheet}: {error.strerror}.")
    with make_app().app_context():
        # Imported here, so that a decision needs no database.
        from sqlalchemy import inspect  # noqa: PLC0415 - as above

        from lms.infra.db import db  # noqa: PLC0415 - as above
        from lms.infra.i18n import speaking  # noqa: PLC0415 - as above

        if not inspect(db.engine).has_table("shelf_item"):
            _refuse("The database has no tables yet: run 'lms database upgrade' first.")
        with speaking("en"):
            complete = _shelve(content, sheet.name, folder, place, dry_run=dry_run)
    sys.exit(0 if complete else 1)


def _shelve(content: bytes, name: str, folder: Path | None, place: str, *, dry_run: bool) -> bool:
    """Enter list and files; return whether nothing was left out."""
    from lms.infra.db import unit_of_work  # noqa: PLC0415 - only with a database
    from lms.kernel import clock  # noqa: PLC0415 - as above
    from lms.kernel.actor import SYSTEM  # noqa: PLC0415 - as above
    from lms.rights.errors import RightsRefusedError  # noqa: PLC0415 - as above
    from lms.rights.operations import shelving  # noqa: PLC0415 - as above
    from lms.rights.queries.backlog import find_place  # noqa: PLC0415 - as above
    from lms.rights.rules.shelf import RowState, count_states  # noqa: PLC0415 - as above
    from lms.rights.texts.backlog import row_fault_text, sheet_fault_text  # noqa: PLC0415 - as above

    fallback = find_place(place) if place else None
    if place and fallback is None:
        _refuse(f"There is no programme or edition {place!a}.")
    try:
        sheet, sha256 = shelving.read_file(content)
    except shelving.SheetFaultError as error:
        _refuse(sheet_fault_text(error.fault, error.facts, "en"))
    judged = shelving.judge_sheet(SYSTEM, sheet, fallback, clock.now())
    for one in judged:
        for fault in one.faults:
            _say(f"line {one.row.line}: {row_fault_text(fault, 'en')}")
    counts = count_states(judged)
    _say(
        f"{counts[RowState.NEW]} new, {counts[RowState.KNOWN]} here already,"
        f" {counts[RowState.FAULTY]} left out."
    )
    if dry_run:
        new = [one.row for one in judged if one.state is RowState.NEW]
        return _foresee(folder, new) and not counts[RowState.FAULTY]
    if counts[RowState.NEW]:
        try:
            with unit_of_work():
                kept = shelving.keep_sheet(
                    SYSTEM, name, sheet, clock.now(), sha256=sha256, fallback=fallback
                )
                shelving.take_sheet(SYSTEM, kept.id, clock.now())
        except RightsRefusedError as error:
            _refuse(f"Nothing was entered: {error}.")
    return _take_folder(folder) and not counts[RowState.FAULTY]


def _foresee(folder: Path | None, new: Sequence[Any]) -> bool:
    """Say which files would be found; return whether each file has its item and each item it."""
    from lms.kernel.actor import SYSTEM  # noqa: PLC0415 - only with a database
    from lms.rights.operations import shelving  # noqa: PLC0415 - as above
    from lms.rights.queries.backlog import list_expected  # noqa: PLC0415 - as above
    from lms.rights.rules.shelf import file_key, match_files  # noqa: PLC0415 - as above

    names = shelving.list_folder(folder) if folder is not None else []
    waiting = [(key, file) for key, file, has in list_expected(SYSTEM) if not has]
    waiting += [(f"line {row.line}", file_key(row.file)) for row in new if row.file]
    found = match_files(names, waiting)
    lost = [name for name in names if len(found[name]) != 1]
    met = {items[0] for items in found.values() if len(items) == 1}
    lacking = [file for key, file in waiting if key not in met]
    _say(f"{len(names) - len(lost)} of {len(names)} files would be taken.")
    _say(*(f"no item, or several, for: {name}" for name in lost))
    _say(*(f"no file for: {file}" for file in lacking))
    return not lost and not lacking


def _take_folder(folder: Path | None) -> bool:
    """Take in the files that items wait for, one by one; name those that were not taken."""
    from lms.infra.current import current_storage  # noqa: PLC0415 - only with a database
    from lms.infra.db import unit_of_work  # noqa: PLC0415 - as above
    from lms.kernel import clock  # noqa: PLC0415 - as above
    from lms.kernel.actor import SYSTEM  # noqa: PLC0415 - as above
    from lms.recordings.operations import discard  # noqa: PLC0415 - as above
    from lms.rights.operations import shelving  # noqa: PLC0415 - as above
    from lms.rights.texts.backlog import file_fault_text  # noqa: PLC0415 - as above

    names = shelving.list_folder(folder) if folder is not None else []
    storage, refused = current_storage(), 0
    matches = shelving.match_names(SYSTEM, names)
    for number, match in enumerate(matches, start=1):
        fault = match.fault
        if folder is not None and match.recording_id is not None:
            with (folder / match.name).open("rb") as stream:
                judged = shelving.judge_stream(storage, match.recording_id, stream, match.name)
            fault = judged.fault
            if judged.received is not None:
                with unit_of_work():
                    fault = shelving.attach_shelved(
                        SYSTEM, match.recording_id, judged.received, clock.now()
                    )
                if fault:
                    discard(storage, judged.received)
        # Run again, what is there already is no failure.
        refused += bool(fault) and fault != "item_has_file"
        said = f"not taken: {match.name}: {file_fault_text(fault)}" if fault else match.name
        _say(f"{number}/{len(matches)} {said}")
    lacking = shelving.list_lacking(SYSTEM)
    _say(*(f"no file for: {name}" for _key, name in lacking))
    return not refused and not lacking


def _say(*lines: str) -> None:
    """Write lines as UTF-8, because the terminal's encoding may not know Japanese."""
    click.echo("".join(f"{line}\n" for line in lines).encode(errors="replace"), nl=False)


def _refuse(sentence: str) -> NoReturn:
    click.echo(sentence.encode(errors="backslashreplace"), err=True)
    sys.exit(2)


def _read(file: str | None) -> object:
    """Return what stands in the file as JSON, or refuse with the reason."""
    if file is None:
        raise BadFactsError("Name a file with a case, or - for standard input.")
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else None
        raise BadFactsError(f"Cannot read {file!a}: {why or 'no such name'}.") from error
    try:
        return json.loads(
            raw.decode("utf-8-sig"), parse_constant=_no_constant, object_pairs_hook=_object
        )
    except UnicodeDecodeError as error:
        raise BadFactsError(f"{file!a} is not UTF-8 text.") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise BadFactsError(f"{file!a} is not JSON: {error.msg} at {place}.") from error
    except BadFactsError:
        raise
    except ValueError as error:  # a number of thousands of digits
        raise BadFactsError(f"{file!a} holds a number that is too large.") from error
    except RecursionError as error:
        raise BadFactsError(f"{file!a} is nested too deeply.") from error


def _no_constant(name: str) -> NoReturn:
    raise BadFactsError(f"{name} is not a number that JSON knows.")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse an object that says one thing twice, since either could be meant."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadFactsError(f"A field stands twice in one object: {twice!a}.")
    return fields


def _cases(data: object) -> list[tuple[Facts, int]]:
    """Read one case, or all of `{orgs, cases}` before the first is decided."""
    if not isinstance(data, dict):
        raise BadFactsError("The file must hold one object: a case, or {orgs, cases}.")
    if "cases" not in data:
        return [facts_from_case(data)]
    orgs = org_tree_from_json(data["orgs"]) if "orgs" in data else None
    cases = data["cases"]
    if not isinstance(cases, list):
        raise BadFactsError("cases must be a list.")
    return [_case(case, orgs, place) for place, case in enumerate(cases)]


def _case(case: object, orgs: OrgTree | None, place: int) -> tuple[Facts, int]:
    try:
        return facts_from_case(case, orgs)
    except BadFactsError as error:
        name = case.get("id") if isinstance(case, dict) else None
        which = f"{name!a}" if isinstance(name, str) else f"number {place + 1}"
        raise BadFactsError(f"Case {which}: {error}") from error
