"""People with an account at Google or Facebook that opens theirs here, and browsers that came in by it."""

from typing import Any

from flask import Flask
from sqlalchemy import func, select, update

from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.core.database import db
from portal.signin.models import SignIn, Way
from portal.signin.providers.models import LinkedAccount, Newcomer, Provider
from tests.support.browse import Browse

ISSUERS = {Provider.GOOGLE: "https://accounts.google.com", Provider.FACEBOOK: "https://www.facebook.com"}


class Linked:
    """Links people and looks at what is left."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def link(
        self,
        user: Any,
        provider: Provider,
        subject: str,
        *,
        issuer: str = "",
        full_name: str = "Name There",
        has_password: bool = True,
    ) -> None:
        with self.app.app_context():
            account = LinkedAccount(
                user_id=user.id,
                provider=provider,
                issuer=issuer or ISSUERS[provider],
                subject=subject,
                email="there@example.com",
                full_name=full_name,
            )
            db.session.add(account)
            if not has_password:
                db.session.execute(update(User).where(User.id == user.id).values(password_hash=None))
            db.session.commit()

    def begin(self, provider: Provider, subject: str) -> None:
        """Somebody came back from there and did not finish signing up."""
        with self.app.app_context():
            row = Newcomer(
                browser_hash="x", provider=provider, issuer=ISSUERS[provider], subject=subject, full_name="Name There"
            )
            db.session.add(row)
            db.session.commit()

    def came_by(self, way: Way, user: Any) -> Browse:
        """A browser that is signed in, by this way."""
        browser = Browse(self.app)
        with self.app.app_context():
            before = set(db.session.scalars(select(SignIn.id)))
        browser.sign_in(user)
        with self.app.app_context():
            db.session.execute(update(SignIn).where(SignIn.id.not_in(before)).values(way=way))
            db.session.commit()
        return browser

    def account(self, user: Any, provider: Provider) -> LinkedAccount | None:
        with self.app.app_context():
            mine = (LinkedAccount.user_id == user.id, LinkedAccount.provider == provider)
            return db.session.scalar(select(LinkedAccount).where(*mine))

    def count(self, model: type[Any]) -> int:
        with self.app.app_context():
            return db.session.scalar(select(func.count()).select_from(model)) or 0

    def acts(self, act: str) -> list[AuditEntry]:
        """What the audit says of this act, the oldest first."""
        with self.app.app_context():
            query = select(AuditEntry).where(AuditEntry.act == act).order_by(AuditEntry.seq)
            return list(db.session.scalars(query))


def is_in(browser: Browse) -> bool:
    """Whether this browser is signed in."""
    return browser.get("/overview").status_code == 200
