"""`python -m benchmarks.notices.ours THREADS`: the portal's own lanes of notices, worked as its worker does.

Each thread takes lanes from the table and sends over a connection of its own; everything that a sending keeps is
kept. All that is missing of a worker is the bell.
"""

import sys
from concurrent.futures import ThreadPoolExecutor

from flask import Flask
from sqlalchemy import select

from benchmarks.notices.yardsticks.measured import measured
from portal.app import create_app
from portal.core.database import db
from portal.notices.models import Lane
from portal.work import runner, worker


def main(threads: int) -> None:
    app = create_app()

    def work() -> int:
        if threads == 1:
            _work_lanes(app)
        else:
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(_work_lanes, [app] * threads))
        return 0  # the database knows how many were sent

    with app.app_context():
        db.session.execute(select(1))  # connected, as a worker is
        db.session.rollback()
    worker.settle_memory()
    measured(work)


def _work_lanes(app: Flask) -> None:
    with app.app_context():
        counts = runner.run(Lane.__tablename__)
        if set(counts) - {"done"}:
            raise RuntimeError(f"not every lane came to its end: {dict(counts)}")


if __name__ == "__main__":
    main(int(sys.argv[1]))
