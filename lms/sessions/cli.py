"""`lms sessions …`: what is understood of an attendance report; times after zones' rules changed.

Reading a report needs no database, settings or network.
"""

import json
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import click

from lms.sessions.rules.reports import (
    AttendanceReport,
    DateOrder,
    ReportUnreadableError,
    read_report,
    refusal_sentence,
    warning_sentence,
)


@click.group("sessions")
def sessions() -> None:
    """Live sessions."""


@sessions.command("read-attendance")
@click.argument("file")
@click.option("--zone", default="Asia/Tokyo", help="Time zone of times that name none.")
@click.option(
    "--date-order",
    type=click.Choice([order.value for order in DateOrder]),
    help="Order of month, day and year, where the file leaves it open.",
)
def read_attendance(file: str, zone: str, date_order: str | None) -> None:
    """Print what is understood of the attendance report FILE (or -) as one JSON object.

    Ends with 2 and one sentence on standard error for a file that is not understood. In `people`,
    `rows` is the number of raw rows about the person.
    """
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else None
        _refuse(f"Cannot read {file!a}: {why or 'no such name'}.")
    try:
        report = read_report(
            data,
            filename=Path(file).name,
            zone=zone,
            date_order=DateOrder(date_order) if date_order else None,
        )
    except ReportUnreadableError as error:
        _refuse(refusal_sentence(error))
    text = json.dumps(_to_json(report, ZoneInfo(zone)), ensure_ascii=False)
    # Bytes, because the terminal's encoding may not know Japanese.
    click.echo(f"{text}\n".encode(errors="replace"), nl=False)


@sessions.command("recompute-times")
@click.pass_obj
def recompute(make_app: Callable[[], Any]) -> None:
    """Derive the moments of sessions to come again from their wall-clock times.

    Needed after the rules of time zones changed (an update of tzdata); workers do it by
    themselves. Prints one line for each session that moved, or whose time exists no more.
    """
    from lms.infra.db import unit_of_work  # noqa: PLC0415 - reports need no database
    from lms.kernel import clock  # noqa: PLC0415 - as above
    from lms.kernel.localized import pick  # noqa: PLC0415 - as above
    from lms.kernel.wall import zone_rules_version  # noqa: PLC0415 - as above
    from lms.sessions.operations.recomputing import recompute_times  # noqa: PLC0415 - as above

    with make_app().app_context():
        with unit_of_work():
            outcomes = recompute_times(at=clock.now())
        for one in outcomes:
            title = pick(one.title, "en").text
            local = f"{one.starts_local:%Y-%m-%d %H:%M} {one.timezone}"
            if one.is_lost:
                click.echo(f"{one.live_session_id} {title}: {local} does not exist any more")
            else:
                click.echo(
                    f"{one.live_session_id} {title}: {local} is now {one.starts_at.isoformat()} "
                    f"(was {one.was_at.isoformat()})"
                )
        click.echo(f"{len(outcomes)} sessions to look at, by the rules {zone_rules_version()}.")


def _to_json(report: AttendanceReport, zone: ZoneInfo) -> dict[str, Any]:
    def moment(at: datetime | None) -> str | None:
        return None if at is None else at.astimezone(zone).isoformat()

    meeting = report.meeting
    return {
        "service": report.service,
        "report": report.report,
        "meeting": {
            "title": meeting.title or None,
            "id": meeting.id or None,
            "start": moment(meeting.starts_at),
            "end": moment(meeting.ends_at),
        },
        "people": [
            {
                "name": person.name,
                "email": person.email or None,
                "intervals": [[moment(start), moment(end)] for start, end in person.intervals],
                "minutes": person.minutes,
                "rows": len(person.rows),
            }
            for person in report.people
        ],
        "warnings": [warning_sentence(warning) for warning in report.warnings],
    }


def _refuse(sentence: str) -> NoReturn:
    click.echo(sentence.encode(errors="backslashreplace"), err=True)
    sys.exit(2)
