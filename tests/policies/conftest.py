"""Documents in both languages, somebody who looks after them, and people whom changes concern in different ways."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest
from flask import Flask

from portal.accounts.models import User
from portal.consents import service as consents
from portal.consents.models import ConsentWay
from portal.consents.purposes import ConsentPurpose
from portal.core.database import db
from portal.policies import clauses, service
from portal.policies.models import PolicyKind, Severity
from portal.signin.providers.models import Provider
from tests.support.documents import Documents
from tests.support.linked import Linked

MORE = {"en": "This is said anew.", "vi": "Điều này được viết lại."}


@pytest.fixture
def documents(app: Flask) -> Documents:
    return Documents(app)


class Shipped:
    """Our own texts as version 1 of both documents, and next versions in which chosen clauses say more."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.documents = Documents(app)

    def publish(self) -> None:
        with self.app.app_context():
            service.publish_shipped()
            db.session.commit()

    def draft(self, *numbers: str, kind: PolicyKind = PolicyKind.PRIVACY) -> int:
        """A draft that says more in these clauses; its number."""
        self.publish()
        english, vietnamese = (self._more(kind, locale, numbers) for locale in ("en", "vi"))
        return self.documents.draft(english, vietnamese, kind=kind)

    def change(self, *numbers: str, kind: PolicyKind = PolicyKind.PRIVACY, **terms: object) -> UUID:
        """Such a version, announced to everyone; the id of its notice."""
        notice = self.documents.publish(self.draft(*numbers, kind=kind), Severity.MAJOR, kind=kind, **terms)  # type: ignore[arg-type]
        assert notice
        return notice

    def _more(self, kind: PolicyKind, locale: str, numbers: tuple[str, ...]) -> str:
        found = clauses.parse((service.SHIPPED / f"{kind.value}.{locale}.md").read_text(encoding="utf-8"))
        assert set(numbers) <= {clause.number for clause in found}
        said = [replace(one, body=f"{one.body}\n\n{MORE[locale]}") if one.number in numbers else one for one in found]
        return clauses.canonical(said)


@pytest.fixture
def shipped(app: Flask) -> Shipped:
    return Shipped(app)


@pytest.fixture
def allow(app: Flask) -> Callable[..., None]:
    """Somebody gives consents, as by the switch; `granted=False` takes them back."""

    def decide(user: User, *purposes: ConsentPurpose, granted: bool = True) -> None:
        with app.test_request_context():
            person = db.session.get_one(User, user.id)
            for purpose in purposes:
                way, page = ConsentWay.SWITCH, "/consents"
                consents.decide(person, purpose, granted=granted, way=way, page=page, locale="en")
            db.session.commit()

    return decide


@pytest.fixture
def link(app: Flask) -> Callable[[User, str], None]:
    """Somebody links Google or Facebook."""
    return lambda user, provider: Linked(app).link(user, Provider(provider), f"{provider}-{user.id}")
