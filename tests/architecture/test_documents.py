"""What README and guides name is there, and the settings are all told."""

import re
from pathlib import Path

from lms.config import ROOT

DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "README.ja.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
PICTURES = ROOT / "docs/pictures"
LINK = re.compile(r"\]\(([^)\s]+)\)")
VARIABLE = re.compile(r"\bTOMONI_[A-Z_]*[A-Z]\b")


def _links(document: Path) -> list[str]:
    return [
        target.partition("#")[0]
        for target in LINK.findall(document.read_text(encoding="utf-8"))
        if not target.startswith(("https:", "http:", "#"))
    ]


def test_no_dead_relative_link() -> None:
    dead = [
        f"{document.relative_to(ROOT)}: {target}"
        for document in DOCUMENTS
        for target in _links(document)
        if not (document.parent / target).exists()
    ]
    assert dead == []


def test_every_guide_is_there_in_both_languages() -> None:
    guides = {path.name for path in (ROOT / "docs/guides").iterdir()}
    assert {name.replace(".ja.", ".en.") for name in guides if ".ja." in name} == {
        name for name in guides if ".en." in name
    }


def test_pictures_are_small_and_used() -> None:
    shown = {Path(target).name for document in DOCUMENTS for target in _links(document)}
    there = {path.name: path.stat().st_size for path in PICTURES.glob("*.png")}
    assert set(there) <= shown
    assert [name for name, size in there.items() if size > 250_000] == []


def test_every_setting_is_told_to_operators() -> None:
    read = set(VARIABLE.findall((ROOT / "lms/config.py").read_text(encoding="utf-8")))
    for guide in ("operators.md", "operators.ja.md"):
        told = set(VARIABLE.findall((ROOT / "docs" / guide).read_text(encoding="utf-8")))
        assert read == told, guide


def test_the_operator_s_guide_shows_the_same_commands_in_both_languages() -> None:
    shown = []
    for guide in ("operators.md", "operators.ja.md"):
        text = (ROOT / "docs" / guide).read_text(encoding="utf-8")
        blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
        lines = [line.partition("# ")[0].strip() for one in blocks for line in one.splitlines()]
        shown.append([re.sub(r'"[^"]*"|\S+\.xlsx', "…", line) for line in lines if line])
    assert shown[0] == shown[1]
