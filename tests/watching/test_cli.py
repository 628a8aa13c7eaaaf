"""`lms watching replay`: the public cases to the letter, and bad input in one sentence."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from lms.watching.cli import watching

CASES_FILE = Path(__file__).parent / "data" / "watch-cases.json"
CASES = json.loads(CASES_FILE.read_text(encoding="utf-8"))
ANSWER = [
    "results",
    "union",
    "covered_ms",
    "required_ms",
    "permille",
    "complete",
    "completed_at",
    "resume",
]
CASE = {
    "duration_ms": 600_000,
    "threshold_permille": 900,
    "hidden": [],
    "steps": [["open", "s1", 0], ["rep", "s1", 1, 30_000, [[0, 30_000]]]],
}


def replay(text: str | bytes) -> tuple[int, list[object], str]:
    result = CliRunner().invoke(watching, ["replay", "-"], input=text)
    return (
        result.exit_code,
        [json.loads(line) for line in result.stdout.splitlines()],
        result.stderr,
    )


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_public_case(case: dict[str, object]) -> None:
    assert replay(json.dumps(case)) == (0, [{key: case[key] for key in ANSWER}], "")


def test_list_of_cases_gives_a_line_for_each_in_their_order() -> None:
    result = CliRunner().invoke(watching, ["replay", str(CASES_FILE)])
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert answers == [{key: case[key] for key in ANSWER} for case in CASES]
    assert list(answers[0]) == ANSWER


def test_empty_list_prints_nothing() -> None:
    assert replay("[]") == (0, [], "")


def test_what_may_be_left_out() -> None:
    case = {"duration_ms": 1_000, "steps": [["open", "s", 0], ["rep", "s", 1, 900, [[0, 900]]]]}
    _, [answer], _ = replay(json.dumps(case))
    assert isinstance(answer, dict)
    assert (answer["required_ms"], answer["complete"]) == (1_000, True)


def test_wrong_interval_is_an_answer_and_not_bad_input() -> None:
    step = ["rep", "s1", 2, 60_000, [[0, 1.5], None]]
    code, [answer], _ = replay(json.dumps({**CASE, "steps": [*CASE["steps"], step]}))  # type: ignore[misc]
    assert code == 0
    assert isinstance(answer, dict)
    assert answer["results"] == ["OK", "OK", "INVALID_INTERVAL"]


BAD = {
    "nothing": "",
    "no JSON": "{",
    "no UTF-8": b"\xff\xfe{}",
    "nested too deeply": "[" * 200_000,
    "a number too long to be read": '{"duration_ms": ' + "9" * 5_000 + "}",
    "no case": "7",
    "a case that is none": "[null]",
    "no duration": {"duration_ms": None},
    "duration not whole": {"duration_ms": 1.5},
    "duration no number": {"duration_ms": float("nan")},
    "duration true": {"duration_ms": True},
    "duration negative": {"duration_ms": -1},
    "threshold beyond 1000": {"threshold_permille": 1001},
    "hidden no list": {"hidden": 5},
    "hidden no pair": {"hidden": [[1]]},
    "hidden no numbers": {"hidden": [["a", "b"]]},
    "no steps": {"steps": None},
    "step no list": {"steps": [{}]},
    "step unknown": {"steps": [["pause", "s1", 0]]},
    "step too short": {"steps": [["open", "s1"]]},
    "step too long": {"steps": [["close", "s1", 0, 0]]},
    "play session no text": {"steps": [["open", ["s1"], 0]]},
    "moment no number": {"steps": [["open", "s1", "0"]]},
    "report without intervals": {"steps": [["rep", "s1", 1, 0]]},
    "intervals no list": {"steps": [["rep", "s1", 1, 0, "ab"]]},
    "sequence no number": {"steps": [["rep", "s1", "1", 0, []]]},
    "event no object": {"steps": [["rep", "s1", 1, 0, [], 5]]},
    "position no number": {"steps": [["rep", "s1", 1, 0, [], {"pos": 1.5}]]},
    "age no number": {"steps": [["rep", "s1", 1, 0, [], {"age": "5"}]]},
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_bad_input_gets_one_sentence(bad: str | bytes | dict[str, object]) -> None:
    # The good case before it is not answered either: all or nothing.
    text = json.dumps([CASE, {**CASE, **bad}]) if isinstance(bad, dict) else bad
    code, answers, sentence = replay(text)
    assert (code, answers) == (2, [])
    assert sentence.startswith("Error: ")
    assert sentence.endswith(".\n")
    assert sentence.count("\n") == 1


@pytest.mark.parametrize("file", ["no/such/file", ".", "a\0b"])
def test_file_that_cannot_be_read_gets_one_sentence(file: str) -> None:
    result = CliRunner().invoke(watching, ["replay", file])
    assert (result.exit_code, result.stderr) == (2, "Error: The file cannot be read.\n")


def test_replay_loads_neither_flask_nor_the_database() -> None:
    program = (
        "import sys; from lms.watching.cli import watching;"
        "watching(['replay', '-'], standalone_mode=False);"
        "sys.exit(any(name.split('.')[0] in ('flask', 'sqlalchemy') for name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(CASE),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["covered_ms"] == 30_000


def test_lms_replays_without_settings_or_database(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from lms.command import main; main()", "watching", "replay", "-"],
        input=json.dumps(CASE),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=tmp_path,
        env={"DATABASE_URL": "nothing at all"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["covered_ms"] == 30_000
    assert list(tmp_path.iterdir()) == []
