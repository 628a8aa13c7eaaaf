"""What the source may not hold."""

import ast
import re
from pathlib import Path

import pytest

from lms.config import ROOT

JAPANESE = re.compile(r"[\u3041-\u30fa\u30fc-\u30ff\u4e00-\u9fff\uff00-\uffef]")
# How Japanese dates and names are written is what these two files are for.
MAY_HOLD_JAPANESE = {"lms/kernel/dates.py", "lms/kernel/japanese.py"}
COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
PYTHON = sorted((ROOT / "lms").rglob("*.py"))


def _literals(path: Path) -> list[tuple[int, str]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docs = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                docs.add(id(first.value))
    return [
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs
    ]


def test_no_japanese_literal_in_code() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in PYTHON
        if str(path.relative_to(ROOT)) not in MAY_HOLD_JAPANESE
        for line, text in _literals(path)
        if JAPANESE.search(text)
    ]
    assert found == []


def test_no_japanese_in_page_templates() -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "lms").rglob("*.html"))
        if JAPANESE.search(COMMENT.sub("", path.read_text(encoding="utf-8")))
    ]
    assert found == []


@pytest.mark.parametrize("mark", ["TO" + "DO", "FIX" + "ME", "XX" + "X"])
def test_no_open_ends(mark: str) -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in PYTHON
        if re.search(rf"#.*\b{mark}\b", path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_no_inline_style_or_handler_in_templates() -> None:
    """The content security policy forbids them: they would silently do nothing."""
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in sorted((ROOT / "lms").rglob("*.html"))
        for match in re.finditer(
            r"<[a-z][^>]*\s(style|on[a-z]+)=", path.read_text(encoding="utf-8")
        )
    ]
    assert found == []


def test_every_suppression_says_why() -> None:
    bare = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in PYTHON
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"# noqa(?!: [A-Z0-9, ]+ - \S)", line)
    ]
    assert bare == []
