"""Every route says who may; addresses are kebab-case."""

import re

from flask import Flask

from lms.infra.web.access import access_of


def test_every_route_declares_its_access(session_app: Flask) -> None:
    undeclared = [
        rule.endpoint
        for rule in session_app.url_map.iter_rules()
        if access_of(session_app, rule.endpoint) is None
    ]
    assert undeclared == []


def test_addresses_are_kebab_case(session_app: Flask) -> None:
    odd = []
    for rule in session_app.url_map.iter_rules():
        plain = re.sub(r"<[^>]+>", "x", rule.rule)
        if not re.fullmatch(r"(/[a-z0-9.-]*)+", plain):
            odd.append(rule.rule)
    assert odd == []


def test_changing_routes_take_no_get(session_app: Flask) -> None:
    """A route that takes POST and GET shows a form on GET; one that only acts takes POST alone."""
    acting = re.compile(r"\.(join|withdraw|sign_out|decide|publish|takedown|delete|cancel)\w*$")
    wrong = [
        rule.endpoint
        for rule in session_app.url_map.iter_rules()
        if acting.search(rule.endpoint)
        and rule.methods
        and "GET" in rule.methods
        and "POST" not in rule.methods
    ]
    assert wrong == []
