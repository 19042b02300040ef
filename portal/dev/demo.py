"""Demo people and data, any amount, always the same for the same seed; in development only."""

from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select

from portal.accounts.models import Customer, Kind, Product, Role, User
from portal.accounts.service import email_key, make_customer, make_smartos, make_user, smartos
from portal.core import clock
from portal.core.database import db, new_id
from portal.core.features import CUSTOMER_FEATURES, Feature
from portal.core.words import fold
from portal.dev import agreed, names, somebody
from portal.policies import acceptance
from portal.policies import service as policies
from portal.signin import passwords
from portal.signin.models import Visit, Way
from portal.signin.providers import keys
from portal.signin.providers.models import LinkedAccount, Provider
from portal.storage.opened import instance_path

PASSWORD = "xin chao da nang"
CHUNK = 1000
BROWSERS = (
    ("Chrome 156", "Windows 11"),
    ("Safari 19", "iOS 19"),
    ("Edge 156", "Windows 11"),
    ("Firefox 152", "Ubuntu"),
)


def people_file() -> Path:
    """Where the demo people's addresses are written for whoever tries the portal."""
    return instance_path() / "demo.txt"


def is_empty() -> bool:
    """Whether nobody has an account yet."""
    return not db.session.scalar(select(func.count()).select_from(User))


def make(*, customers: int, seed: int) -> int:
    """The named people once, and `customers` more by `seed`; returns how many users were made."""
    password_hash = passwords.hashed(PASSWORD)
    policies.publish_shipped()
    made = 0 if smartos() else _named(password_hash, Random(seed))
    return made + _crowd(customers, seed, password_hash)


def _named(password_hash: str, random: Random) -> int:
    lan = _person(make_smartos(), "Võ Ngọc Lan", "lan@smartos.example.com", Role.ADMIN, password_hash)
    an = _person(make_customer(Kind.INDIVIDUAL), "Nguyễn Văn An", "an@example.com", Role.ADMIN, password_hash)
    river = make_customer(
        Kind.ORGANISATION,
        company_name="Khách sạn Sông Hàn",
        products=(Product.PMS, Product.BOOKING),
        package="Professional",
    )
    river.business_unit, river.address = "Lễ tân", names.street(random)
    binh = _person(river, "Trần Thị Bình", "binh@example.com", Role.ADMIN, password_hash)
    chi = _person(river, "Lê Minh Chi", "chi@example.com", Role.STAFF, password_hash)
    chi.granted = [Feature.CONTENT]
    an.phone, an.contact_address = "+84905123456", names.street(random)
    db.session.flush()
    _link_google(binh)
    agreed.over_time(an)
    agreed.waiting_campaign(lan)
    everyone = (lan, an, binh, chi)
    for user in everyone:
        acceptance.agreed_at_sign_up(user)
    db.session.execute(insert(Visit), [visit for user in everyone for visit in _visits(user.id, random)])
    return len(everyone)


def _person(customer: Customer, full_name: str, email: str, role: Role, password_hash: str) -> User:
    user = make_user(customer, full_name=full_name, email=email, role=role, locale="vi", password_hash=password_hash)
    user.age_confirmed_at = clock.now()
    return user


def _link_google(user: User) -> None:
    """Her account at the stand-in for Google opens hers here, so that the pages have something to show."""
    there = somebody.PEOPLE[Provider.GOOGLE]["binh"]
    account = LinkedAccount(
        user_id=user.id,
        provider=Provider.GOOGLE,
        issuer=keys.demo_address(Provider.GOOGLE),
        subject=there.number(Provider.GOOGLE),
        email=there.email,
        email_is_proven=there.speaks_for,
        full_name=there.full_name,
        linked_at=clock.now() - timedelta(days=12),
        used_at=clock.now() - timedelta(days=4),
    )
    db.session.add(account)


def _visits(user_id: UUID, random: Random) -> list[dict[str, Any]]:
    browser, system = random.choice(BROWSERS)
    address = f"203.0.113.{random.randint(1, 250)}"
    return [
        {
            "id": new_id(),
            "user_id": user_id,
            "at": clock.now() - timedelta(days=days, minutes=random.randint(0, 600)),
            "way": Way.PASSWORD,
            "ip": address,
            "browser": browser,
            "system": system,
        }
        for days in (15, 9, 4, 1)
    ]


def _crowd(customers: int, seed: int, password_hash: str) -> int:
    random, made = Random(seed), 0
    taken = db.session.scalar(select(func.count()).select_from(User)) or 0
    while made < customers:
        size = min(CHUNK, customers - made)
        pairs = [_stranger(random, f"khach{taken + made + i}@example.com", password_hash) for i in range(size)]
        db.session.execute(insert(Customer), [customer for customer, _user in pairs])
        db.session.execute(insert(User), [user for _customer, user in pairs])
        agreed.by_many([user["id"] for _customer, user in pairs], random)
        made += size
    return made


def _stranger(random: Random, email: str, password_hash: str) -> tuple[dict[str, Any], dict[str, Any]]:
    is_house, now, customer_id = random.random() < 0.6, clock.now(), new_id()
    company, full_name = (names.house(random) if is_house else ""), names.person(random)
    customer = {
        "id": customer_id,
        "kind": Kind.ORGANISATION if is_house else Kind.INDIVIDUAL,
        "company_name": company,
        "search": fold(company),
        "address": names.street(random),
        "products": [Product.PMS],
        "features": [*CUSTOMER_FEATURES, Feature.PRODUCT_PMS],
        "contract_start": now.date(),
        "contract_end": now.date() + timedelta(days=365),
        "created_at": now,
    }
    user = {
        "id": new_id(),
        "customer_id": customer_id,
        "role": Role.ADMIN,
        "granted": [],
        "full_name": full_name,
        "search": fold(full_name),
        "email": email,
        "email_key": email_key(email),
        "email_verified_at": now,
        "phone": names.phone(random),
        "locale": random.choice(("vi", "vi", "vi", "en")),
        "password_hash": password_hash,
        "age_confirmed_at": now,
        "created_at": now,
    }
    return customer, user


def describe() -> str:
    """Who to sign in as, for the terminal and /dev/."""
    return "\n".join(
        (
            "Người dùng thử · Demo people (mật khẩu · password: " + PASSWORD + ")",
            "  an@example.com           cá nhân · an individual",
            "  binh@example.com         quản trị của một khách sạn · Admin User of a hotel",
            "  chi@example.com          nhân viên của khách sạn đó · Staff User of that hotel",
            "  lan@smartos.example.com  người của Smartos · Smartos's own Admin User (mã · codes: /dev/authenticator)",
        )
    )
