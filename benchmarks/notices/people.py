"""people.py in a process of its own: people by the million, and a notice to all of them.

`python -m benchmarks.notices.people fill COUNT` makes the tables and that many people, `… publish LANES` publishes a
major change of the privacy policy, which writes the audience; both tell their seconds as one line of JSON.
"""

import json
import sys
import time
from typing import Any

from flask import Flask
from sqlalchemy import ColumnElement, String, case, cast, func, insert, literal, select, text
from sqlalchemy.orm import aliased

from portal.accounts.models import Customer, User
from portal.app import create_app
from portal.core.database import db
from portal.core.language import LOCALES
from portal.notices.models import Lane, Notice
from portal.policies import service as policies
from portal.policies.models import PolicyKind, Severity
from tests.support.people import People

NAMES = (
    *("Nguyễn Thị Ánh Tuyết", "Trần Văn Bảo", "Lê Hoàng Yến", "Phạm Đức Dũng", "Võ Thị Hồng Gấm"),
    *("Đặng Minh Khôi", "Bùi Quỳnh Như", "John Smith", "Đỗ Gia Huy", "Nguyễn Phương Thảo Vy"),
)
DOMAINS = 20
CHANGE = (
    "\n\nMột điều được nói rõ hơn, để ai cũng hiểu. / One thing is said more clearly, so that everyone understands.\n"
)


def fill(app: Flask, count: int) -> dict[str, Any]:
    """Tables, the shipped policies, and `count` people, each a customer of their own, half of them reading English.

    The first of them and one person of Smartos can sign in; tells their addresses.
    """
    db.create_all()
    policies.publish_shipped()
    db.session.commit()
    people = People(app)
    reader, operator = people.make_customer(locale="vi"), people.make_operator()
    user, customer = db.session.get_one(User, reader.admin.id), db.session.get_one(Customer, reader.id)
    started = time.monotonic()
    _multiply(customer, user, count - 2)
    db.session.commit()
    seconds = time.monotonic() - started
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("ANALYZE"))  # as the server's own housekeeping does within a minute
        db.session.commit()
    return {"seconds": seconds, "customer": user.email, "operator": operator.email}


def _multiply(customer: Customer, user: User, count: int) -> None:
    """The same two rows again and again, with ids, names and addresses of their own."""
    numbers = select(literal(1).label("i")).cte("numbers", recursive=True)
    numbers = numbers.union_all(select(numbers.c.i + 1).where(numbers.c.i < count))
    i = numbers.c.i
    address = literal("person") + cast(i, String) + "@mail" + cast(i % DOMAINS, String) + ".example"
    own: dict[str, ColumnElement[Any]] = {
        "full_name": case(*((i % len(NAMES) == n, literal(name)) for n, name in enumerate(NAMES))),
        "email": address,
        "email_key": address,
        "locale": case((i % 2 == 0, literal("en")), else_=literal("vi")),
        "customer_id": _id(i),
    }
    for model, row in ((Customer, customer), (User, user)):
        same, columns = aliased(model), model.__table__.c
        values = [_id(i) if c.name == "id" else own.get(c.name, getattr(same, c.key)) for c in columns]
        copies = select(*values).select_from(numbers).join(same, same.id == row.id)
        db.session.execute(insert(model).from_select([c.name for c in columns], copies, include_defaults=False))


def _id(number: ColumnElement[int]) -> ColumnElement[Any]:
    """An id that counts up, in the form that each database keeps ids in."""
    if db.engine.dialect.name == "postgresql":
        return cast(func.lpad(func.to_hex(number), 32, "0"), User.id.type)
    return func.printf("%032x", number, type_=String)


def publish(app: Flask, lanes: int) -> dict[str, Any]:
    """A major version for everyone, sent over `lanes` connections; how long the audience took to write."""
    number = None
    for locale in LOCALES:
        content = (policies.SHIPPED / f"{PolicyKind.PRIVACY.value}.{locale}.md").read_text(encoding="utf-8")
        number = policies.draft(PolicyKind.PRIVACY, locale, (content + CHANGE).encode(), number=number).number
    version = policies.versions.find(PolicyKind.PRIVACY, number or 0)
    assert version is not None
    summaries = {"summary_vi": "Một điều được nói rõ hơn.", "summary_en": "One thing is said more clearly."}
    started = time.monotonic()
    notice = policies.publish(version, policies.Publication(Severity.MAJOR, **summaries), by=None)
    db.session.commit()
    seconds = time.monotonic() - started
    assert notice is not None
    if lanes:
        _open_lanes(notice, lanes)
    return {"seconds": seconds, "notice": str(notice.id)}


def _open_lanes(notice: Notice, lanes: int) -> None:
    """Exactly so many, whatever the portal would open for this audience."""
    there = {lane.number: lane for lane in db.session.scalars(select(Lane).where(Lane.notice_id == notice.id))}
    for number in range(max(lanes, len(there))):
        if number >= lanes:
            db.session.delete(there[number])
        elif number not in there:
            lane = Lane(notice_id=notice.id, number=number)
            lane.promise()
            db.session.add(lane)
    db.session.commit()


if __name__ == "__main__":
    portal = create_app()
    with portal.app_context():
        print(json.dumps({"fill": fill, "publish": publish}[sys.argv[1]](portal, int(sys.argv[2]))))
        db.session.remove()
        db.engine.dispose()
