"""CSV as spreadsheets open it: UTF-8 with BOM, CRLF, nothing that runs as a formula."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from flask import Response, stream_with_context

BOM = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_line(cells: Iterable[str]) -> str:
    """Return one line; what a spreadsheet would take for a formula gets an apostrophe."""
    out = io.StringIO()
    csv.writer(out).writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return out.getvalue()


def csv_answer(name: str, heads: Sequence[str], rows: Iterator[Sequence[str]]) -> Response:
    """Answer with a table as a download, written as its rows come in.

    `name` is the file's name in ASCII. What is read lazily is read within this request.
    """

    def lines() -> Iterator[str]:
        yield BOM + csv_line(heads)
        for row in rows:
            yield csv_line(row)

    answer = Response(stream_with_context(lines()), mimetype="text/csv", direct_passthrough=False)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
