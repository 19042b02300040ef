"""Thousands of recipients, copied from one real customer: quick to make, and everybody with an address of their own."""

from typing import Any

from flask import Flask
from sqlalchemy import insert, select

from portal.accounts.models import Customer, User
from portal.core.database import db, new_id
from tests.support.people import People


def make(app: Flask, people: People, count: int) -> list[str]:
    """The addresses of `count` new people, every other one reading English."""
    first = people.make_customer(locale="vi").admin
    addresses = [first.email, *(f"crowd{i}@example.com" for i in range(1, count))]
    with app.app_context():
        customer = _row(Customer, first.customer_id)
        user = _row(User, first.id)
        customers = [customer | {"id": new_id()} for _ in addresses[1:]]
        users = [
            user
            | {"id": new_id(), "customer_id": own["id"], "email": address, "locale": ("vi", "en")[i % 2]}
            | dict.fromkeys({"email_key"} & set(user), address)
            for i, (own, address) in enumerate(zip(customers, addresses[1:], strict=True))
        ]
        db.session.execute(insert(Customer.__table__), customers)
        db.session.execute(insert(User.__table__), users)
        db.session.commit()
    return addresses


def _row(model: Any, row_id: Any) -> dict[str, Any]:
    return dict(db.session.execute(select(model.__table__).where(model.id == row_id)).mappings().one())
