"""The `lms` command. Each group is imported when it is called, so that one does not carry all."""

import importlib
from typing import Any

import click
from typing_extensions import override

GROUPS = {
    "audit": "lms.infra.audit.cli:audit",
    "content": "lms.whole.cli:content",
    "demo": "lms.whole.cli:demo",
    "database": "lms.whole.cli:database",
    "people": "lms.people.cli:people",
    "recordings": "lms.recordings.cli:recordings",
    "rights": "lms.rights.cli:rights",
    "sessions": "lms.sessions.cli:sessions",
    "watching": "lms.watching.cli:watching",
    "worker": "lms.worker:worker",
}


class LazyGroup(click.Group):
    """A group whose commands are found by name."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(GROUPS)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = GROUPS.get(cmd_name)
        if place is None:
            return None
        module, _colon, name = place.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


def make_app() -> Any:
    """Make the application for a command that needs it (a Flask; imported only then)."""
    from lms.app import create_app  # noqa: PLC0415 - most commands do without

    return create_app()


@click.group(cls=LazyGroup)
@click.pass_context
def main(ctx: click.Context) -> None:
    """Tomoni's commands."""
    # Features stand below the application: their commands are handed what makes it.
    ctx.obj = make_app
