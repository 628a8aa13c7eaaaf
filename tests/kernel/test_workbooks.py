"""Workbooks that unfold to more than anybody takes, and what is none."""

import io
import zipfile

import pytest
import xlsxwriter

from lms.kernel.workbooks import unfolds_beyond

ROOM = {"most_bytes": 1_000_000, "most_cells": 10_000}


def book(*cells: tuple[int, int]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet()
        for row, column in cells:
            sheet.write_string(row, column, "x")
    return out.getvalue()


def test_a_cell_in_the_last_corner_counts_with_all_before_it() -> None:
    assert not unfolds_beyond(book((0, 0), (99, 99)), **ROOM)
    assert unfolds_beyond(book((0, 0), (100, 99)), **ROOM)
    assert unfolds_beyond(book((1_000_000, 0)), **ROOM)


def test_what_unpacks_to_more_bytes_is_beyond() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 1_000_001)
    assert unfolds_beyond(out.getvalue(), **ROOM)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"name,minutes\n"])
def test_what_is_no_workbook_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="No workbook"):
        unfolds_beyond(data, **ROOM)


def test_a_damaged_one_is_refused() -> None:
    data = book((0, 0))
    with pytest.raises(ValueError, match="No workbook"):
        unfolds_beyond(data[: len(data) // 2], **ROOM)
