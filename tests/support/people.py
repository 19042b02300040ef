"""People with names, made by the portal's own services."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import update

from portal.accounts.models import Kind, Product, Role, User
from portal.accounts.service import make_customer, make_smartos, make_user, smartos
from portal.core import clock, sealing
from portal.core.database import db
from portal.signin import passwords
from portal.signin.factors import recovery_codes, second_step, totp
from portal.signin.factors.models import SecondStep

PASSWORD = "ba con mèo đi dạo"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
RECOVERY_CODES = recovery_codes.new()
NAMES = ("An", "Bình", "Chi", "Dũng", "Em", "Giang", "Hà", "Khánh", "Linh", "Minh")


@cache
def password_hash() -> str:
    return passwords.hashed(PASSWORD)


@cache
def recovery_hashes() -> list[str]:
    """Ten hashes take a third of a second; one sheet of paper serves all people of a test run."""
    return recovery_codes.hashed(RECOVERY_CODES)


def give_second_step(user: User, *, codes: bool = False) -> None:
    """`user` holds SECRET in an authenticator app, and with `codes` the sheet of RECOVERY_CODES; needs an app."""
    sealed = sealing.seal(second_step.SEALED_AS, str(user.id), SECRET.encode())
    db.session.add(SecondStep(user_id=user.id, sealed_secret=sealed))
    if codes:
        recovery_codes.keep(user, recovery_hashes())


def code_now(user: User) -> str:
    """What the app shows `user`, as if none of its codes had been used yet: nobody waits for the next one in tests."""
    db.session.execute(update(SecondStep).where(SecondStep.user_id == user.id).values(last_step=0))
    return totp.code_at(SECRET, clock.now())


class People:
    """Makes people; each has an address of their own and the password PASSWORD."""

    @dataclass
    class Made:
        id: UUID
        admin: User
        staff: list[User] = field(default_factory=list)

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.count = 0

    def make_customer(
        self,
        kind: Kind = Kind.INDIVIDUAL,
        *,
        staff: int = 0,
        company_name: str = "",
        full_name: str = "",
        email: str = "",
        locale: str = "en",
        **columns: Any,
    ) -> "People.Made":
        if staff:
            kind = Kind.ORGANISATION
        if kind == Kind.ORGANISATION and not company_name:
            company_name = "Nhà nghỉ Sông Hàn"
        with self.app.app_context():
            customer = make_customer(kind, company_name=company_name, products=(Product.PMS, Product.BOOKING))
            admin = self._user(customer, Role.ADMIN, full_name, email, locale, columns)
            members = [self._user(customer, Role.STAFF, "", "", locale, {}) for _ in range(staff)]
            db.session.commit()
            return self.Made(customer.id, admin, members)

    def make_operator(self, features: tuple[str, ...] | None = None, *, locale: str = "en") -> User:
        """Somebody of Smartos with a second step: the Admin User, or a Staff User with `features`."""
        with self.app.app_context():
            customer = smartos() or make_smartos()
            role = Role.ADMIN if features is None else Role.STAFF
            user = self._user(customer, role, "", "", locale, {"granted": list(features or ())})
            db.session.flush()
            give_second_step(user)
            db.session.commit()
            return user

    def _user(
        self, customer: Any, role: Role, full_name: str, email: str, locale: str, columns: dict[str, Any]
    ) -> User:
        self.count += 1
        name = full_name or f"Nguyễn Thị {NAMES[self.count % len(NAMES)]} {self.count}"
        user = make_user(
            customer,
            full_name=name,
            email=email or f"person{self.count}@example.com",
            role=role,
            locale=locale,
            password_hash=password_hash(),
        )
        user.age_confirmed_at = clock.now()
        for column, value in columns.items():
            setattr(user, column, value)
        return user
