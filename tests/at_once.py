"""Doing several things in one moment, each in a thread and a transaction of its own."""

import threading
from collections.abc import Callable, Sequence

from flask import Flask

from lms.infra.db import db, unit_of_work


def at_once(app: Flask, acts: Sequence[Callable[[], object]]) -> list[BaseException]:
    """Run every act in its own thread and transaction, all released together."""
    gate = threading.Barrier(len(acts))
    faults: list[BaseException] = []

    def run(act: Callable[[], object]) -> None:
        with app.app_context():
            gate.wait(timeout=30)
            try:
                with unit_of_work():
                    act()
            except BaseException as fault:  # noqa: BLE001 - which ones is what is asked
                faults.append(fault)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return faults
