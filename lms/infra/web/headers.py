"""Headers of every answer: a strict content security policy and its company."""

import secrets

from flask import Flask, Response, current_app, g

from lms.infra.current import current_storage


def csp_nonce() -> str:
    """Return this request's nonce for scripts and style sheets of our own."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


def _add_headers(response: Response) -> Response:
    nonce = csp_nonce()
    # A store of its own address sends encrypted segments, to the player and to nothing else.
    origin = current_storage().origin
    store = f" {origin}" if origin else ""
    response.headers.setdefault(
        "Content-Security-Policy",
        "default-src 'none'; "
        f"script-src 'nonce-{nonce}' 'strict-dynamic'; style-src 'self'; img-src 'self' data:; "
        f"font-src 'self'; connect-src 'self'{store}; media-src 'self' blob:{store}; "
        "worker-src 'self' blob:; "
        "frame-src 'self'; object-src 'none'; manifest-src 'self'; "
        "form-action 'self' https: http:; base-uri 'none'; frame-ancestors 'none'",
    )
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    response.headers.setdefault(
        "Permissions-Policy", "camera=(self), microphone=(), geolocation=(), payment=()"
    )
    # A file sent without a word about caching says "no-cache", which lets caches keep it.
    if response.headers.get("Cache-Control") in {None, "no-cache"}:
        response.headers["Cache-Control"] = "private, no-store"
    if current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response


def install_headers(app: Flask) -> None:
    """Add the headers to every answer of the application."""
    app.after_request(_add_headers)
