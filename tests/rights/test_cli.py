"""`lms rights decide`: the public cases as an auditor gets them, and bad input in one sentence."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lms.rights.cli import rights

DATA = Path(__file__).parent / "data"
FILES = ["rights-cases.json", "rights-cases-partners.json"]
FILE = json.loads((DATA / FILES[0]).read_text(encoding="utf-8"))
CASE = {"orgs": FILE["orgs"], **FILE["cases"][0]}
KEYS = ["outcome", "code", "reasons", "obligations", "lease_until", "change", "message"]


def run(*arguments: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(rights, ["decide", *arguments], input=stdin)


def refused(result: Result) -> str:
    """Return the sentence of a refusal, having seen that there is nothing else."""
    assert (result.exit_code, result.stdout) == (2, "")
    sentence = result.stderr
    assert sentence.count("\n") == 1
    assert sentence.endswith(".\n")
    return sentence.strip()


@pytest.mark.parametrize("name", FILES)
def test_every_public_case_is_one_line(name: str) -> None:
    result = run(str(DATA / name))
    assert result.exit_code == 0
    cases = json.loads((DATA / name).read_text(encoding="utf-8"))["cases"]
    lines = result.stdout.splitlines()
    assert len(lines) == len(cases)
    for case, line in zip(cases, lines, strict=True):
        answer = json.loads(line)
        assert list(answer) == KEYS
        assert {key: answer[key] for key in case["expect"]} == case["expect"]
        assert set(answer["message"]) == {"ja", "en"}
        assert all(answer["message"].values())


def test_one_case_is_read_from_standard_input() -> None:
    result = run("-", stdin=json.dumps(CASE))
    assert result.exit_code == 0
    assert json.loads(result.stdout)["message"]["en"] == "You can view this material."
    assert "講師 山田花子" in result.stdout


def test_no_cases_are_no_lines() -> None:
    result = run("-", stdin='{"orgs": {}, "cases": []}')
    assert (result.exit_code, result.output) == (0, "")


def test_a_byte_order_mark_is_passed_over() -> None:
    assert run("-", stdin=b"\xef\xbb\xbf" + json.dumps(CASE).encode()).exit_code == 0


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "'-' is not JSON: Expecting value at line 1, column 1."),
        ("{", "is not JSON: "),
        ("[]", "The file must hold one object: a case, or {orgs, cases}."),
        ("null", "The file must hold one object"),
        ('"case"', "The file must hold one object"),
        ("{}", "case.orgs is missing."),
        ('{"orgs": {}}', "case.now is missing."),
        ('{"cases": {}}', "cases must be a list."),
        ('{"cases": [5]}', "Case number 1: The case must be an object, not 5."),
        ('{"cases": [{"id": "D1"}]}', "Case 'D1': case.orgs is missing."),
        ('{"orgs": [], "cases": []}', "orgs must be an object, not a list."),
        ('{"orgs": {}, "now": NaN}', "NaN is not a number that JSON knows."),
        ('{"orgs": {}, "now": -Infinity}', "-Infinity is not a number that JSON knows."),
        (f'{{"orgs": {{}}, "now": {"9" * 5000}}}', "holds a number that is too large."),
        (f'{{"orgs": {{}}, "now": {"9" * 400}}}', "now lies outside the years 1 to 9999"),
        ('{"orgs": {}, "now": 1e999}', "now must be a time"),
        ('{"now": 1, "now": 2}', "A field stands twice in one object: 'now'."),
        ("[" * 200_000, "is nested too deeply."),
        ('{"orgs": {"A\\nB": 5}}', "must be an object, not 5."),
    ],
    ids=lambda value: value[:30],
)
def test_bad_input_is_told_in_one_sentence(text: str, sentence: str) -> None:
    assert sentence in refused(run("-", stdin=text))


def test_text_in_another_encoding_is_refused() -> None:
    assert refused(run("-", stdin="講師".encode("shift_jis"))) == "'-' is not UTF-8 text."


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    assert "No such file or directory" in refused(run(str(tmp_path / "missing.json")))
    assert "Is a directory" in refused(run(str(tmp_path)))
    assert refused(run("a\0b")).startswith("Cannot read 'a\\x00b'")
    assert refused(run()) == "Name a file with a case, or - for standard input."


def test_one_bad_case_holds_back_the_others() -> None:
    text = json.dumps({"orgs": FILE["orgs"], "cases": [CASE, {**CASE, "now": "soon"}]})
    assert refused(run("-", stdin=text)).startswith("Case 'D01': now is no date")


def test_a_case_may_bring_its_own_organisations() -> None:
    own = {**CASE, "orgs": {"A1": {"level": "outside"}}}
    result = run("-", stdin=json.dumps({"orgs": FILE["orgs"], "cases": [CASE, own]}))
    assert [json.loads(line)["code"] for line in result.stdout.splitlines()] == [
        "ALLOW",
        "RIGHTS_AUDIENCE",
    ]


def test_neither_web_nor_database_is_loaded_and_any_terminal_will_do() -> None:
    program = (
        "import sys; from lms.rights.cli import rights\n"
        "rights(['decide', sys.argv[1]], standalone_mode=False)\n"
        "assert not {'flask', 'sqlalchemy', 'flask_babel'} & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(DATA / FILES[1])],
        capture_output=True,
        check=True,
        env={"PYTHONIOENCODING": "ascii"},
        cwd=Path(__file__).parents[2],
    )
    assert len(done.stdout.decode().splitlines()) == 5
