"""The texts of mails: in both languages, with the same parameters, linking to real pages."""

import importlib.util
import re

import pytest
from flask import Flask
from jinja2 import Environment, FileSystemLoader, meta

from lms.config import ROOT
from lms.infra.i18n import LANGUAGES
from lms.notifications.texts import SUBJECTS

MAIL = ROOT / "lms/notifications/templates/mail"
SHARED = {"asked", "frame", "words"}
LINK = re.compile(r"link\(\"([a-z_.]+)\"((?:, [a-z_]+=[a-z_.]+)*)\)")
JAPANESE = re.compile(r"[\u3041-\u30fa\u4e00-\u9fff]")


def names(language: str) -> set[str]:
    return {path.stem for path in (MAIL / language).glob("*.txt")}


def source(language: str, name: str) -> str:
    return (MAIL / language / f"{name}.txt").read_text(encoding="utf-8")


def placeholders(language: str, name: str) -> set[str]:
    """Return every variable and attribute that a template asks for."""
    environment = Environment(loader=FileSystemLoader(MAIL.parent), autoescape=True)
    text = source(language, name)
    attributes = re.findall(r"\b(?:session|secrets)\.[a-z_]+", text)
    return set(meta.find_undeclared_variables(environment.parse(text))) | set(attributes)


def test_every_language_has_every_template() -> None:
    for language in LANGUAGES:
        assert names(language) == set(SUBJECTS) | SHARED


@pytest.mark.parametrize("name", sorted([*SUBJECTS, *SHARED]))
def test_languages_ask_for_the_same_parameters(name: str) -> None:
    assert placeholders("ja", name) - {"site_name"} == placeholders("en", name) - {"site_name"}
    assert {match[1] for match in LINK.finditer(source("ja", name))} == {
        match[1] for match in LINK.finditer(source("en", name))
    }


@pytest.mark.parametrize("name", sorted(SUBJECTS))
def test_subjects_follow_the_manner_of_the_language(name: str) -> None:
    for language in LANGUAGES:
        match = re.search(r"\{% block subject %\}(.*)\{% endblock %\}", source(language, name))
        assert match is not None
        assert match[1].startswith("【{{ site_name }}】") == (language == "ja")


@pytest.mark.parametrize("name", sorted([*SUBJECTS, *SHARED]))
def test_english_is_english(name: str) -> None:
    assert not JAPANESE.search(source("en", name))
    assert not re.search(r"\b(Mr|Mrs|Ms)\b", source("en", name))


@pytest.mark.parametrize("name", sorted([*SUBJECTS, *SHARED]))
def test_links_lead_to_pages_that_exist(app: Flask, name: str) -> None:
    for match in LINK.finditer(source("ja", name)):
        endpoint, wanted = match[1], set(re.findall(r"([a-z_]+)=", match[2]))
        feature = endpoint.partition(".")[0]
        if importlib.util.find_spec(f"lms.{feature}.views") is None:
            pytest.skip(f"{feature} has no pages yet")
        rules = list(app.url_map.iter_rules(endpoint))
        assert any(rule.arguments == wanted for rule in rules), endpoint
