"""`lms sessions read-attendance`: one JSON object, or one sentence and status 2."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lms.sessions.cli import sessions
from tests.sessions.reports import samples


def run(*arguments: str, data: bytes = b"") -> tuple[int, str, str]:
    result = CliRunner().invoke(sessions, ["read-attendance", *arguments], input=data)
    return result.exit_code, result.stdout, result.stderr


def read(tmp_path: Path, data: bytes, *options: str) -> dict[str, Any]:
    file = tmp_path / "report.csv"
    file.write_bytes(data)
    status, out, err = run(str(file), *options)
    assert (status, err) == (0, "")
    assert out.count("\n") == 1
    answer: dict[str, Any] = json.loads(out)
    return answer


def test_the_object(tmp_path: Path) -> None:
    answer = read(tmp_path, samples.utf16(samples.TEAMS))
    sentence = (
        "Without an e-mail address; rows with an identical name were counted as one person:"
        " Visitor One."
    )
    assert answer == {
        "service": "teams",
        "report": "in-meeting-activities",
        "meeting": {
            "title": "Basics of collective bargaining",
            "id": None,
            "start": "2026-11-24T18:55:00+09:00",
            "end": "2026-11-24T20:35:00+09:00",
        },
        "people": [
            {
                "name": "Aoki Hana",
                "email": "hana.aoki@union.example",
                "intervals": [
                    ["2026-11-24T18:58:10+09:00", "2026-11-24T19:20:00+09:00"],
                    ["2026-11-24T19:40:00+09:00", "2026-11-24T20:31:00+09:00"],
                ],
                "minutes": 72,
                "rows": 2,
            },
            {
                "name": "Baker, Tom",
                "email": "tom@union.example",
                "intervals": [["2026-11-24T19:00:00+09:00", "2026-11-24T20:30:00+09:00"]],
                "minutes": 90,
                "rows": 1,
            },
            {
                "name": "Visitor One",
                "email": None,
                "intervals": [["2026-11-24T19:10:00+09:00", "2026-11-24T19:40:30+09:00"]],
                "minutes": 30,
                "rows": 1,
            },
        ],
        "warnings": [sentence],
    }
    assert list(answer) == ["service", "report", "meeting", "people", "warnings"]


def test_zone(tmp_path: Path) -> None:
    answer = read(tmp_path, samples.ZOOM_2021.encode(), "--zone", "Asia/Kathmandu")
    assert answer["meeting"]["start"] == "2026-11-24T18:55:00+05:45"
    live = read(tmp_path, samples.LIVE_EVENT.encode(), "--zone", "Asia/Kathmandu")
    assert live["people"][0]["intervals"][0][0] == "2026-11-24T15:45:00+05:45"


@pytest.mark.parametrize(("order", "day"), [("mdy", "2026-12-01"), ("dmy", "2026-01-12")])
def test_date_order(tmp_path: Path, order: str, day: str) -> None:
    rows = [
        ["Name (original name)", "Email", "Join time", "Leave time", "Guest"],
        ["Ann", "ann@union.example", "12/1/26, 1:05:00 PM", "12/1/26, 2:05:00 PM", "No"],
    ]
    data = samples.commas(rows).encode()
    answer = read(tmp_path, data, "--date-order", order)
    assert answer["people"][0]["intervals"][0][0] == f"{day}T13:05:00+09:00"
    assert answer["warnings"] == []
    [warning] = read(tmp_path, data)["warnings"]
    assert "12/1/26, 1:05:00 PM was read as 2026-12-01 (mdy)" in warning


def test_standard_input() -> None:
    status, out, _err = run("-", data=samples.ZOOM_JA.encode("cp932"))
    assert status == 0
    assert json.loads(out)["people"][0]["name"] == "髙﨑 花"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"product,price\nnails,3\n", "no attendance report"),
        (b"", "empty"),
        ("髙﨑\n".encode() + "髙﨑\n".encode("cp932"), "line 2"),
        (b"Name,Email\nAnn,ann@union.example\n", "joined, left, duration"),
    ],
)
def test_a_file_that_is_not_understood(data: bytes, sentence: str) -> None:
    status, out, err = run("-", data=data)
    assert (status, out) == (2, "")
    assert sentence in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [["missing.csv"], ["."], ["\0"], ["-", "--zone", "Moon/Crater"], ["-", "--date-order", "myd"]],
)
def test_arguments_that_do_not_fit(arguments: list[str]) -> None:
    status, out, err = run(*arguments, data=samples.ZOOM_2021.encode())
    assert (status, out) == (2, "")
    assert err
    assert "Traceback" not in err


def test_command_needs_neither_settings_nor_a_terminal_that_knows_japanese(tmp_path: Path) -> None:
    file = tmp_path / "出席.csv"
    file.write_bytes(samples.ZOOM_JA.encode("cp932"))
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from lms.command import main; main()",
            "sessions",
            "read-attendance",
            str(file),
        ],
        capture_output=True,
        check=True,
        env={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii", "PYTHONPATH": "."},
    )
    assert json.loads(done.stdout.decode())["people"][0]["name"] == "髙﨑 花"
    assert done.stderr == b""
