"""The blueprint, and how these pages read an address."""

from flask import Blueprint, request

blueprint = Blueprint("notifications", __name__, template_folder="../templates")


def argument(name: str) -> str:
    """Return a text from the address: never NUL, which PostgreSQL refuses, nor endless."""
    return request.args.get(name, "").replace("\0", "").strip()[:200]


def page_number() -> int:
    """Return the page asked for; anything unreadable is the first."""
    text = argument("page")[:9]
    return int(text) if text.isascii() and text.isdigit() else 1
