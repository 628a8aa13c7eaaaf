"""The frame of the pages and the macros that every page is made of."""

import importlib.util
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from types import ModuleType

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from jinja2 import StrictUndefined
from typing_extensions import override
from wtforms import StringField
from wtforms.validators import InputRequired

from lms.config import ROOT
from lms.infra.web.assets import STATIC
from lms.infra.web.forms import TomoniForm
from lms.infra.web.styleguide import StyleguideForm, render_styleguide

UI = '{% import "ui/all.html" as ui %}'


class Elements(HTMLParser):
    """Collects the elements of a page in order, with their attributes."""

    def __init__(self, page: str):
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]

    def with_id(self, identity: str) -> tuple[str, dict[str, str | None]]:
        return next(e for e in self.found if e[1].get("id") == identity)


class OneField(TomoniForm):
    address = StringField("Address", [InputRequired("Please write it.")], description="With @.")


@pytest.fixture
def asked(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A request in English whose templates may not use anything undefined."""
    monkeypatch.setattr(app.jinja_env, "undefined", StrictUndefined)
    app.jinja_env.cache.clear()  # type: ignore[union-attr]
    with app.test_request_context("/?a=b", headers={"Accept-Language": "en"}):
        yield
    app.jinja_env.cache.clear()  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def assets_tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("assets_tool", ROOT / "tools/assets.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize("with_errors", [False, True])
def test_every_component_is_drawn_and_ids_are_unique(with_errors: bool) -> None:
    page = Elements(render_styleguide(with_errors=with_errors))
    ids = [attributes["id"] for _tag, attributes in page.found if attributes.get("id")]
    assert len(ids) == len(set(ids))
    assert len(page.all("h1")) == 1
    labelled = {attributes["for"] for attributes in page.all("label")}
    controls = [a for tag in ("input", "select", "textarea") for a in page.all(tag)]
    unlabelled = [
        a
        for a in controls
        if a.get("type") != "hidden" and a.get("id") not in labelled and not a.get("aria-label")
    ]
    assert unlabelled == []


@pytest.mark.usefixtures("asked")
def test_whatever_describes_a_control_exists() -> None:
    page = Elements(render_styleguide(with_errors=True))
    ids = {attributes["id"] for _tag, attributes in page.found if attributes.get("id")}
    named = {
        name
        for _tag, attributes in page.found
        for key in ("aria-describedby", "aria-labelledby")
        for name in (attributes.get(key) or "").split()
    }
    assert named
    assert named <= ids
    jumps = {a["href"][1:] for a in page.all("a") if (a.get("href") or "").startswith("#")}  # type: ignore[index]
    assert jumps - {""} <= ids


@pytest.mark.usefixtures("asked")
def test_a_refused_field_joins_help_and_error() -> None:
    form = OneField(formdata=None)
    form.validate()
    page = Elements(render_template_string(UI + "{{ ui.field(form.address) }}", form=form))
    _tag, control = page.with_id("address")
    assert control["aria-invalid"] == "true"
    assert control["aria-describedby"] == "address-help address-error"
    assert "required" in control


@pytest.mark.usefixtures("asked")
def test_a_field_without_fault_says_nothing_about_one() -> None:
    page = Elements(
        render_template_string(UI + "{{ ui.field(form.seats) }}", form=StyleguideForm(None))
    )
    _tag, control = page.with_id("seats")
    assert "aria-invalid" not in control
    assert "aria-describedby" not in control


@pytest.mark.usefixtures("asked")
def test_what_a_form_is_told_stands_in_its_summary() -> None:
    form = OneField(formdata=None)
    form.refuse("address", "Nobody lives there.")
    form.refuse("", "The course is full.")
    text = render_template_string(UI + "{{ ui.error_summary(form) }}", form=form)
    assert "The course is full." in text
    assert 'href="#address"' in text
    assert "Nobody lives there." in text


@pytest.mark.usefixtures("asked")
def test_the_frame_hides_none_of_a_pages_own_names() -> None:
    names = ["lang", "nav", "theme", "kinds", "logo", "icon", "loc", "toast", "shown", "sign_in"]
    body = "".join(f"[{{{{ {name} }}}}]" for name in names)
    text = render_template_string(
        '{% extends "ui/narrow.html" %}{% block content %}' + body + "{% endblock %}",
        **dict.fromkeys(names, "mine"),
    )
    assert "[mine]" * len(names) in text


@pytest.mark.usefixtures("asked")
def test_texts_are_escaped() -> None:
    text = render_template_string(
        UI
        + "{% call ui.card(evil, id='a') %}{% endcall %}{{ ui.button(evil, href=evil) }}"
        + "{{ ui.notice(evil) }}{{ ui.chip(evil) }}{{ ui.progress(1, 2, label=evil, text=evil) }}",
        evil='"><script>',
    )
    assert "<script>" not in text


@pytest.mark.usefixtures("asked")
def test_a_fallback_carries_its_language_and_says_so() -> None:
    text = render_template_string(UI + "{{ ui.loc(value) }}", value={"ja": "賃金"})
    assert '<span lang="ja">賃金</span>' in text
    assert "Japanese only" in text


@pytest.mark.usefixtures("asked")
def test_a_text_in_the_readers_language_stands_bare() -> None:
    text = render_template_string(UI + "{{ ui.loc(value) }}", value={"ja": "賃金", "en": "Wages"})
    assert text.strip() == "Wages"


@pytest.mark.usefixtures("asked")
def test_one_button_carries_the_token() -> None:
    page = Elements(render_template_string(UI + "{{ ui.post_button('Join', '/join') }}"))
    (form,) = page.all("form")
    assert (form["method"], form["action"]) == ("post", "/join")
    assert any(a["name"] == "csrf_token" and a["value"] for a in page.all("input"))


@pytest.mark.usefixtures("asked")
def test_a_dialog_opens_without_scripts() -> None:
    page = Elements(
        render_template_string(
            UI + "{% call ui.dialog('d', 'Open', 'Title') %}<p id='inside'>x</p>{% endcall %}"
        )
    )
    assert [tag for tag, _ in page.found][:2] == ["details", "summary"]
    assert page.with_id("inside")


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_missing_page_speaks_the_readers_language_and_leads_on(
    client: FlaskClient, language: str
) -> None:
    answer = client.get("/no-such-page", headers={"Accept-Language": language})
    page = Elements(answer.text)
    assert answer.status_code == 404
    assert page.all("html")[0]["lang"] == language
    assert any(a.get("data-testid") == "error-home" and a["href"] == "/" for a in page.all("a"))


def test_the_other_language_is_one_button_away_without_scripts(client: FlaskClient) -> None:
    page = Elements(client.get("/no-such-page", headers={"Accept-Language": "en"}).text)
    (button,) = [a for a in page.all("button") if a.get("data-testid") == "language-ja"]
    assert (button["name"], button["value"], button["lang"]) == ("language", "ja", "ja")
    assert any(a.get("name") == "next" and a["value"] == "/no-such-page" for a in page.all("input"))


@pytest.mark.parametrize(("kept", "drawn"), [("dark", "dark"), ("light", "light"), ('"x', None)])
def test_the_chosen_colours_are_drawn_by_the_server(
    client: FlaskClient, kept: str, drawn: str | None
) -> None:
    client.set_cookie("theme", kept)
    page = Elements(client.get("/no-such-page").text)
    assert page.all("html")[0].get("data-theme") == drawn


def test_every_icon_that_is_named_is_in_the_sprite(assets_tool: ModuleType) -> None:
    sprite = STATIC / "vendor/icons.svg"
    assert sprite.is_file(), "run tools/assets.py"
    drawn = set(re.findall(r'<symbol id="([^"]+)"', sprite.read_text(encoding="utf-8")))
    assert set(assets_tool.icon_names()) - drawn == set(), "run tools/assets.py"


def test_the_lock_of_the_browsers_packages_names_no_address() -> None:
    text = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    assert "://" not in text
    packages = [one for name, one in json.loads(text)["packages"].items() if name]
    assert len(packages) > 2
    assert all(one["integrity"].startswith("sha512-") for one in packages)
