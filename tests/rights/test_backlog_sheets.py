"""Files that offices write -> rows of the backlog, each with what is wrong in it."""

import io
import time
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from lms.rights.operations.shelving import (
    MAX_BYTES,
    SheetFaultError,
    column_name,
    read_file,
    template_csv,
    template_workbook,
)
from lms.rights.rules.shelf import COLUMNS, MAX_ROWS, Fault, Holder, SheetFault, ShelfRow
from lms.rights.rules.shelf.files import file_key, match_files

HEAD = "題名,種類,収録日,講師,講師カナ,講師メール,ファイル名\r\n"


def workbook(rows: Sequence[Sequence[Any]], *, hidden_first: bool = False) -> bytes:
    """Write rows as Excel would; a tuple is a formula with its last value."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False})
    day = book.add_format({"num_format": "yyyy/mm/dd"})
    cover = book.add_worksheet("cover") if hidden_first else None
    sheet = book.add_worksheet("list")
    if cover is not None:
        cover.write(0, 0, "表紙")
        sheet.activate()
        cover.hide()
    for line, cells in enumerate(rows):
        for place, cell in enumerate(cells):
            if isinstance(cell, tuple):
                sheet.write_formula(line, place, cell[0], None, cell[1])
            elif isinstance(cell, (date, datetime)):
                sheet.write_datetime(line, place, cell, day)
            elif cell is not None:
                sheet.write(line, place, cell)
    book.close()
    return out.getvalue()


def rows_of(content: bytes) -> tuple[ShelfRow, ...]:
    return read_file(content)[0].rows


def codes(row: ShelfRow) -> list[tuple[str, str]]:
    return [(fault.column, fault.code) for fault in row.faults]


def fault_of(content: bytes) -> tuple[SheetFault, Mapping[str, str]]:
    with pytest.raises(SheetFaultError) as caught:
        read_file(content)
    return caught.value.fault, caught.value.facts


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp932"])
def test_every_encoding_keeps_every_character(encoding: str) -> None:
    text = HEAD + "髙﨑①㈱～の講義,動画,2019/6/14,髙﨑 恵,たかさき めぐみ,,第①回.mp4\r\n"
    (row,) = rows_of(text.encode(encoding))
    assert row.title == {"ja": "髙﨑①㈱～の講義"}
    assert row.holders == (Holder("speaker", "髙﨑 恵", "タカサキ メグミ"),)
    assert row.file == "第①回.mp4"
    assert row.recorded_on == date(2019, 6, 14)
    assert row.faults == ()


def test_utf16_of_the_other_end_and_tabs() -> None:
    text = "\ufeff題名\t種類\n賃金入門\t音声\n"
    (row,) = rows_of(text.encode("utf-16-be"))
    assert (row.title, row.kind) == ({"ja": "賃金入門"}, "audio")


def test_headings_in_english() -> None:
    text = (
        "Title (Japanese),Title (English),Course,Edition,Date recorded,Kind,Language,Speaker,"
        "Organisation,E-mail,Further rightsholders,File name,Where it lies,Note\n"
        "賃金入門,Wages,labour-economics,2019,2019-06-14,handout,English,Hanako Mihon,"
        "Mihon University,Hanako@Example.org,music: Mihon Band; interpreter: Taro <t@example.org>,"
        "a.pdf,Shelf 3,old\n"
    )
    (row,) = rows_of(text.encode())
    assert row == ShelfRow(
        line=2,
        title={"ja": "賃金入門", "en": "Wages"},
        kind="paper",
        course="labour-economics",
        edition="2019",
        recorded_on=date(2019, 6, 14),
        language="en",
        holders=(
            Holder("slides", "Hanako Mihon", "", "Mihon University", "Hanako@Example.org"),
            Holder("music", "Mihon Band"),
            Holder("interpreter", "Taro", email="t@example.org"),
        ),
        file="a.pdf",
        shelf="Shelf 3",
        note="old",
    )
    assert ShelfRow.from_json(row.to_json()) == row


def test_other_rightsholders_in_japanese_marks() -> None:
    others = "通訳：見本 太郎（見本通訳社）＜t@example.org＞；音楽：見本楽団"
    text = f"題名,種類,その他の権利者\n講義,動画,{others}\n"
    (row,) = rows_of(text.encode())
    assert row.holders == (
        Holder("interpreter", "見本 太郎", "", "見本通訳社", "t@example.org"),
        Holder("music", "見本楽団"),
    )


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("令和元年6月14日", date(2019, 6, 14)),
        ("平成31年4月30日", date(2019, 4, 30)),
        ("Ｒ１．６．１４", date(2019, 6, 14)),
        ("S64.1.7", date(1989, 1, 7)),
        ("２０１９年６月１４日（金）", date(2019, 6, 14)),
        ("20190614", date(2019, 6, 14)),
        ("43630", date(2019, 6, 14)),
        ("2019-06-14 00:00:00", date(2019, 6, 14)),
        ("", None),
    ],
)
def test_days_as_offices_write_them(cell: str, day: date | None) -> None:
    (row,) = rows_of(f"題名,種類,収録日\n講義,動画,{cell}\n".encode())
    assert row.recorded_on == day
    assert row.faults == ()


@pytest.mark.parametrize(
    ("cell", "code"),
    [("2019-02-30", "day_impossible"), ("昨年の春", "day_unreadable"), ("2019", "day_unreadable")],
)
def test_days_that_are_none(cell: str, code: str) -> None:
    (row,) = rows_of(f"題名,種類,収録日\n講義,動画,{cell}\n".encode())
    assert row.recorded_on is None
    assert row.faults == (Fault("recorded_on", code, (("text", cell),)),)


def test_a_workbook_with_dates_serials_numbers_and_formulas() -> None:
    content = workbook(
        [
            ["東和協議会 所蔵一覧", None, None, None, None],
            [],
            ["題名", "種類", "収録日", "開催回", "備考", "無関係"],
            ["講義①", "動画", date(2019, 6, 14), 2019, True, "x"],
            ["講義②", "映像", 43630, "0012", ('="第" & 3 & "棚"', "第3棚")],
            [("=1/0", "#DIV/0!"), "動画", datetime(2019, 6, 14, 9), None, None],  # noqa: DTZ001 - a cell
            [],
            ["=A1", "動画", None, None, None],
        ],
        hidden_first=True,
    )
    sheet, sha256 = read_file(content)
    assert len(sha256) == 64
    assert sheet.ignored == ("無関係",)
    assert [row.line for row in sheet.rows] == [4, 5, 6, 8]
    one, two, broken, formula = sheet.rows
    assert (one.recorded_on, one.edition, one.note) == (date(2019, 6, 14), "2019", "TRUE")
    assert (two.recorded_on, two.edition, two.note) == (date(2019, 6, 14), "0012", "第3棚")
    assert codes(broken) == [("title_ja", "title_missing")]
    assert broken.recorded_on == date(2019, 6, 14)
    assert codes(formula) == [("title_ja", "formula")]


def test_what_is_wrong_is_said_row_by_row() -> None:
    text = (
        "題名,種類,言語,講師,講師カナ,講師メール,その他の権利者,備考\n"
        ",動画,,,,,,\n"
        "講義,巻物,,,,,,\n"
        "講義,,,,,,,\n"
        "講義,動画,火星語,,,,,\n"
        "講義,動画,,山田,yamada,,,\n"
        "講義,動画,,山田,,no-address,,\n"
        "講義,動画,,,,a@example.org,,\n"
        "講義,動画,,,,,楽団だけ,\n"
        "講義,動画,,,,,監督：山田,\n"
        f"{'長' * 201},動画,,,,,,\n"
        "講義,動画,,,,,,\x07\n"
    )
    found = [codes(row) for row in rows_of(text.encode())]
    assert found == [
        [("title_ja", "title_missing")],
        [("kind", "value_unknown")],
        [("kind", "kind_missing")],
        [("language", "value_unknown")],
        [("speaker_kana", "kana_wrong")],
        [("email", "address_wrong")],
        [("speaker", "speaker_missing")],
        [("others", "holder_unreadable")],
        [("others", "holder_kind_unknown")],
        [("title_ja", "text_too_long")],
        [("note", "unstorable")],
    ]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", SheetFault.EMPTY),
        (b"\r\n , \r\n", SheetFault.EMPTY),
        (HEAD.encode(), SheetFault.NO_ROWS),
        ("氏名,住所\r\n山田,東京\r\n".encode(), SheetFault.COLUMNS),
        ("題名,タイトル,種類\r\n講義,講義,動画\r\n".encode(), SheetFault.COLUMN_TWICE),
        (HEAD.encode() + b'"cut off in the middle,', SheetFault.BROKEN),
        (HEAD.encode("cp932") + b"\x81", SheetFault.ENCODING),
        (HEAD.encode("utf-16")[:-1], SheetFault.ENCODING),
        (b"%PDF-1.7\n\x00\x01", SheetFault.FORMAT),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, SheetFault.LOCKED),
        (b"PK\x03\x04 no archive", SheetFault.BROKEN),
        (b"a" * (MAX_BYTES + 1), SheetFault.TOO_LARGE),
    ],
)
def test_what_is_no_list_is_refused_as_a_whole(content: bytes, fault: SheetFault) -> None:
    assert fault_of(content)[0] is fault


def test_a_workbook_cut_off_and_one_without_cells() -> None:
    whole = workbook([["題名", "種類"], ["講義", "動画"]])
    assert fault_of(whole[: len(whole) // 2])[0] is SheetFault.BROKEN
    assert fault_of(workbook([]))[0] is SheetFault.EMPTY


def test_columns_that_lack_are_named() -> None:
    assert fault_of("題名,講師\n講義,山田\n".encode()) == (
        SheetFault.COLUMNS, {"columns": "kind"},
    )  # fmt: skip


@pytest.mark.parametrize("cell", ['<c r="{}">', '<c s="0" r="{}">', "<c\tr='{}'>"])
def test_a_cell_in_the_last_corner_is_refused_before_it_is_unfolded(cell: str) -> None:
    book, out = io.BytesIO(), io.BytesIO()
    with xlsxwriter.Workbook(book, {"in_memory": True}) as made:
        sheet = made.add_worksheet()
        sheet.write(0, 0, "題名")
        sheet.write(999_998, 2, 1)
    with zipfile.ZipFile(book) as plain, zipfile.ZipFile(out, "w") as archive:
        for info in plain.infolist():
            told = plain.read(info).replace(b'<c r="C999999">', cell.format("C999999").encode())
            archive.writestr(info, told)
    assert fault_of(out.getvalue())[0] is SheetFault.TOO_LARGE


def test_a_workbook_that_unfolds_to_too_much_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 90_000_000)
    assert len(out.getvalue()) < MAX_BYTES
    assert fault_of(out.getvalue())[0] is SheetFault.TOO_LARGE


def test_too_many_rows_are_refused() -> None:
    text = "題名,種類\n" + "".join(f"講義{n},動画\n" for n in range(MAX_ROWS + 1))
    assert fault_of(text.encode()) == (SheetFault.TOO_LONG, {"most": str(MAX_ROWS)})


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_template_reads_as_it_is_meant_and_its_example_is_no_item(language: str) -> None:
    for content in (template_csv(language), template_workbook(language)):
        assert fault_of(content)[0] is SheetFault.NO_ROWS
    assert template_csv(language).startswith(b"\xef\xbb\xbf")
    book = CalamineWorkbook.from_filelike(io.BytesIO(template_workbook(language)))
    head, example = book.get_sheet_by_index(0).to_python()
    assert head == [column_name(column, language) for column in COLUMNS]
    text = template_csv(language).decode("utf-8-sig").splitlines()[0]
    assert text == ",".join(map(str, head))
    # With another note the example is an item without a fault.
    cells = [*example[:-1], "本物"]
    (row,) = rows_of(workbook([head, cells]))
    assert row.faults == ()
    assert row.recorded_on == date(2019, 6, 14)
    assert row.kind == "video"
    assert [one.kind for one in row.holders] == ["speaker", "interpreter", "music"]


def test_a_row_is_the_same_whatever_its_note_says() -> None:
    text = "題名,種類,備考,ファイル名\n講義,動画,a,Ａ.mp4\n講義,動画,b,a.MP4\n講義,動画,b,b.mp4\n"
    one, two, other = rows_of(text.encode())
    assert one.fingerprint == two.fingerprint != other.fingerprint


def test_files_are_found_by_name_never_by_a_similar_one() -> None:
    waiting = [
        ("i1", file_key("2019\\ガイド.pdf")),
        ("i2", file_key("b.mp4")),
        ("i3", file_key("x/c.pdf")),
        ("i4", file_key("y/c.pdf")),
    ]
    apart = "ガイド.PDF".replace("ガ", "カ\u3099").replace("ド", "ト\u3099")
    found = match_files([apart, "dir/B.mp4", "c.pdf", "y/c.pdf", "bb.mp4", ""], waiting)
    assert found == {
        apart: ("i1",),
        "dir/B.mp4": ("i2",),
        "c.pdf": ("i3", "i4"),
        "y/c.pdf": ("i4",),
        "bb.mp4": (),
        "": (),
    }


def test_cells_full_of_nothing_or_of_digits_cost_no_time() -> None:
    spaces, digits = "音楽:" + " " * 1990 + "(", "9" * 6000
    text = f"題名,種類,収録日,その他の権利者\n講義,動画,{digits},{spaces}\n"
    many = text + f"講義,動画,,{spaces}\n" * 500
    begun = time.monotonic()
    rows = rows_of(many.encode())
    assert time.monotonic() - begun < 5
    assert codes(rows[0])[0] == ("recorded_on", "day_unreadable")
    assert codes(rows[1]) == [("others", "holder_unreadable")]
