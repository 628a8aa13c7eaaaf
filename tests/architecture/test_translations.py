"""Japanese is complete, its placeholders are those of the English message."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from lms.config import ROOT

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Extract the messages that code and templates hold now."""
    target = tmp_path_factory.mktemp("pot") / "messages.pot"
    subprocess.run(
        [
            Path(sys.executable).with_name("pybabel"), "-q", "extract", "-F", "babel.cfg",
            "-k", "_l", "-k", "N_", "-k", "lazy_gettext", "-o", target, ".",
        ],
        cwd=ROOT,
        check=True,
    )  # fmt: skip
    with target.open("rb") as file:
        return read_po(file)


@pytest.fixture(scope="module")
def japanese() -> Catalog:
    with (ROOT / "translations/ja/LC_MESSAGES/messages.po").open("rb") as file:
        return read_po(file, locale="ja")


def _forms(text: object) -> list[str]:
    return [str(part) for part in text] if isinstance(text, (tuple, list)) else [str(text)]


def test_every_message_has_its_japanese(template: Catalog, japanese: Catalog) -> None:
    missing = []
    for message in template:
        if not message.id:
            continue
        known = japanese.get(message.id, context=message.context)
        if known is None or known.fuzzy or not all(_forms(known.string)):
            missing.append(message.id)
    assert missing == []


def test_placeholders_agree(template: Catalog, japanese: Catalog) -> None:
    unequal = []
    for message in template:
        known = japanese.get(message.id, context=message.context) if message.id else None
        if known is None:
            continue
        wanted = set(PLACEHOLDER.findall(_forms(message.id)[-1]))
        unequal += [
            (message.id, text)
            for text in _forms(known.string)
            if set(PLACEHOLDER.findall(text)) != wanted
        ]
    assert unequal == []


def test_no_message_is_left_over(template: Catalog, japanese: Catalog) -> None:
    left = [
        message.id
        for message in japanese
        if message.id and template.get(message.id, context=message.context) is None
    ]
    assert left == []


def test_the_catalogue_is_compiled(japanese: Catalog) -> None:
    """Without its header a catalogue counts as fuzzy: nothing of it would reach anybody."""
    assert not japanese.fuzzy
    assert str(japanese.locale) == "ja"
    assert japanese.num_plurals == 1
