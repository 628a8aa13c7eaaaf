"""`lms recordings`: what operators do about stored recordings."""

from collections.abc import Callable
from typing import Any

import click

from lms.kernel import clock


@click.group()
def recordings() -> None:
    """Look after stored recordings."""


@recordings.command()
@click.option("--dry-run", is_flag=True, help="Say what would go, and remove nothing.")
@click.pass_obj
def sweep(make_app: Callable[[], Any], *, dry_run: bool) -> None:
    """Remove files older than a day that belong to nothing: what killed processes left.

    The worker does the same once a day.
    """
    with make_app().app_context():
        from lms.infra.current import (  # noqa: PLC0415 - other commands do without the application
            current_settings,
            current_storage,
        )
        from lms.infra.storage import IncomingFolder, StorageError  # noqa: PLC0415 - as above
        from lms.recordings.operations import (  # noqa: PLC0415 - as above
            SWEPT_AFTER,
            find_orphans,
            remove_orphans,
            sweep_incoming,
            sweep_work,
        )

        storage, settings = current_storage(), current_settings()
        before = clock.now() - SWEPT_AFTER
        try:
            orphans = find_orphans(storage, before)
            for orphan in orphans:
                click.echo(f"{orphan.folder}: {orphan.files} files, {orphan.size} bytes")
            if not dry_run:
                remove_orphans(storage, orphans)
            unfinished = storage.sweep_unfinished(before, dry_run=dry_run)
        except StorageError as error:
            raise click.ClickException(str(error)) from error
        incoming = sweep_incoming(IncomingFolder(settings.upload_dir), before, dry_run=dry_run)
        work = sweep_work(settings.var_dir / "work", before, dry_run=dry_run)
    files = sum(orphan.files for orphan in orphans)
    verb = "would go" if dry_run else "removed"
    click.echo(
        f"{verb}: {files} stored files in {len(orphans)} folders, {incoming} broken-off uploads,"
        f" {unfinished} unfinished writes, {work} folders of killed workers"
    )
