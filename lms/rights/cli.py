"""`lms rights …`: the decision for an auditor, and the journal after a restore.

The decision needs no database, settings or network.
"""

import json
import sys
from collections.abc import Callable
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
