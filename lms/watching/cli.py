"""`lms watching`: the rules of watched coverage at the command line.

Needs no database, settings or network.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

import click

from lms.kernel.intervals import Interval
from lms.watching.errors import WatchResult
from lms.watching.rules import (
    DEFAULT_THRESHOLD,
    Judged,
    WatchedMedia,
    WatchReport,
    WatchState,
    decide_close,
    decide_open,
    decide_report,
    measure_coverage,
    measure_resume,
)


@click.group()
def watching() -> None:
    """Look into watched coverage."""


@watching.command()
@click.argument("file")
def replay(file: str) -> None:
    """Replay the cases in FILE (or - for standard input), one line of JSON for each.

    FILE holds one case or a list of cases: duration_ms, threshold_permille, hidden and steps
    ["open", s, now], ["rep", s, seq, now, intervals, {pos, age}] and ["close", s, now].
    """
    try:
        cases = list(_read_cases(_load(file)))
    except _BadInputError as error:
        raise _Refused(str(error)) from error
    for case in cases:
        click.echo(json.dumps(_replay(case)))


#: What `lms` takes up from here.
COMMANDS = (watching,)


class _Refused(click.ClickException):
    """Bad input: one sentence on standard error and exit status 2."""

    exit_code = 2


class _BadInputError(Exception):
    """What is wrong with the input, in one sentence."""


@dataclass(frozen=True, slots=True)
class _Step:
    play_id: str
    now: int
    #: None closes or opens the play session.
    report: WatchReport | None = None
    opens: bool = False


@dataclass(frozen=True, slots=True)
class _Case:
    media: WatchedMedia
    steps: tuple[_Step, ...]


def _replay(case: _Case) -> dict[str, object]:
    state = WatchState()
    results: list[WatchResult] = []
    for step in case.steps:
        state, result = _take(state, case.media, step)
        results.append(result)
    coverage = measure_coverage(state.intervals, case.media)
    return {
        "results": results,
        "union": state.intervals,
        "covered_ms": coverage.covered,
        "required_ms": coverage.required,
        "permille": coverage.permille,
        "complete": state.completed_at is not None,
        "completed_at": state.completed_at,
        "resume": measure_resume(state, case.media),
    }


def _take(state: WatchState, media: WatchedMedia, step: _Step) -> Judged:
    if step.report is not None:
        return decide_report(state, media, step.play_id, step.report, step.now)
    if step.opens:
        return decide_open(state, step.play_id, step.now)
    return decide_close(state, step.play_id, step.now)


def _load(file: str) -> object:
    try:
        with click.open_file(file, "rb") as stream:
            raw = stream.read()
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: no standard input at all
        _refuse("The file cannot be read.", error)
    try:
        return json.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        _refuse("The input is not UTF-8 text.", error)
    except RecursionError as error:
        _refuse("The input is nested too deeply.", error)
    except ValueError as error:
        _refuse("The input is not JSON.", error)


def _refuse(sentence: str, cause: Exception | None = None) -> NoReturn:
    raise _BadInputError(sentence) from cause


def _read_cases(content: object) -> Iterator[_Case]:
    for number, item in enumerate(content if isinstance(content, list) else [content], 1):
        try:
            yield _read_case(item)
        except _BadInputError as error:
            _refuse(f"Case {number}: {error}", error)


def _read_case(item: object) -> _Case:
    if not isinstance(item, dict):
        _refuse("a case must be an object.")
    duration = _read_number(item.get("duration_ms"), "duration_ms")
    threshold = _read_number(item.get("threshold_permille", DEFAULT_THRESHOLD), "threshold")
    if duration < 0 or not 0 <= threshold <= 1000:  # noqa: PLR2004 - permille
        _refuse("duration_ms must not be negative and threshold_permille must be 0 to 1000.")
    hidden = tuple(_read_pair(pair) for pair in _read_list(item.get("hidden", []), "hidden"))
    steps = [
        _read_step(step, f"step {number}")
        for number, step in enumerate(_read_list(item.get("steps"), "steps"), 1)
    ]
    return _Case(WatchedMedia(duration, threshold, hidden), tuple(steps))


def _read_step(step: object, name: str) -> _Step:
    match step:
        case ["open" | "close" as verb, str(play_id), now]:
            return _Step(play_id, _read_number(now, f"the moment of {name}"), None, verb == "open")
        case ["rep", str(play_id), sequence, now, intervals]:
            event: object = None
        case ["rep", str(play_id), sequence, now, intervals, event]:
            pass
        case _:
            _refuse(f"{name} is neither open, rep nor close with what belongs to it.")
    position, age = _read_event(event, name)
    report = WatchReport(
        sequence=_read_number(sequence, f"the sequence number of {name}"),
        # What an interval is, the rules decide: a wrong one is an answer, not bad input.
        intervals=_read_list(intervals, f"the intervals of {name}"),
        position=position,
        age=age,
    )
    return _Step(play_id, _read_number(now, f"the moment of {name}"), report)


def _read_event(event: object, name: str) -> tuple[int | None, int]:
    if event is None:
        return None, 0
    if not isinstance(event, dict):
        _refuse(f"the event of {name} must be an object.")
    position, age = event.get("pos"), event.get("age")
    return (
        None if position is None else _read_number(position, f"pos of {name}"),
        0 if age is None else _read_number(age, f"age of {name}"),
    )


def _read_pair(pair: object) -> Interval:
    match pair:
        case [a, b]:
            return _read_number(a, "a hidden segment"), _read_number(b, "a hidden segment")
        case _:
            _refuse("a hidden segment must be a pair of integers.")


def _read_list(value: object, name: str) -> list[object]:
    if not isinstance(value, list):
        _refuse(f"{name} must be a list.")
    return value


def _read_number(value: object, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        _refuse(f"{name} must be an integer.")
    return value
