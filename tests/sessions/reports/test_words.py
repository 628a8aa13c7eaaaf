"""The words by which reports are read."""

from time import process_time

from lms.sessions.rules.reports import Column, read_report
from lms.sessions.rules.reports.words import Head, _words, head_of, key_of, likely_head_of, title_of
from tests.sessions.reports import samples


def test_every_heading_means_one_thing() -> None:
    seen: dict[str, str] = {}
    for name, words in _words()["heads"].items():
        for word in words:
            assert seen.setdefault(key_of(word), name) == name, word
            assert head_of(word) == Head(name)
    assert {column.value for column in Column} <= {head.value for head in Head}


def test_every_sign_is_a_heading_or_stands_alone() -> None:
    for name, words in _words()["titles"].items():
        for word in words:
            assert title_of(f"3. {word}") == title_of(word) == name


def test_headings_are_compared_without_case_width_spaces_and_marks() -> None:
    for text in ("Join Time", "join time", "ＪＯＩＮ　ＴＩＭＥ", "Join_Time", " Join  time: "):
        assert head_of(text) is Head.JOINED
    for text in ("名前 (元の名前)", "名前（元の名前）", "名前(元の名前)"):
        assert head_of(text) is Head.NAME
    assert head_of("所属組合のメール連絡先") is None
    assert likely_head_of("所属組合のメール連絡先") is Head.EMAIL  # by a part of it
    assert head_of("Remark") is likely_head_of("Remark") is None


def test_five_thousand_rows_take_no_time_to_speak_of() -> None:
    rows = [
        ["Name (original name)", "Email", "Join time", "Leave time", "Duration (minutes)", "Guest"],
        *(
            [
                f"髙﨑 {n % 1700}",
                f"p{n % 1700}@union.example",
                f"11/24/2026 07:{n % 60:02}:{n % 59:02} PM",
                f"11/24/2026 08:{n % 60:02}:{n % 58:02} PM",
                "60",
                "Yes",
            ]
            for n in range(5000)
        ),
    ]
    data = samples.commas(rows).encode("cp932")
    before = process_time()
    report = read_report(data)
    assert process_time() - before < 3  # half a second where nothing else runs
    assert (len(report.people), len(report.rows)) == (1700, 5000)
