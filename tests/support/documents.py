"""Versions of the documents, made by the portal's own services."""

from datetime import date
from uuid import UUID

from flask import Flask

from portal.accounts.models import User
from portal.core.database import db
from portal.policies import service, versions
from portal.policies.models import PolicyKind, Severity

ENGLISH = """1. What we keep
We keep your name and your address for as long as your contract runs.
1.1 Visits: We keep visits for twelve months.
2. Your rights
- You can ask for a copy.
- You can have everything erased.
"""
VIETNAMESE = """1. Chúng tôi giữ những gì
Chúng tôi giữ họ tên và địa chỉ của bạn trong suốt thời hạn hợp đồng.
1.1 Lượt truy cập: Chúng tôi giữ lượt truy cập trong mười hai tháng.
2. Quyền của bạn
- Bạn có thể yêu cầu bản sao.
- Bạn có thể yêu cầu xóa tất cả.
"""
CHANGED_ENGLISH = ENGLISH.replace("twelve months", "ninety days")
CHANGED_VIETNAMESE = VIETNAMESE.replace("mười hai tháng", "chín mươi ngày")


class Documents:
    """Drafts and publishes; every call is committed, as an officer's click is."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def draft(
        self,
        english: str = CHANGED_ENGLISH,
        vietnamese: str = CHANGED_VIETNAMESE,
        *,
        kind: PolicyKind = PolicyKind.PRIVACY,
    ) -> int:
        """A draft in both languages; its number."""
        with self.app.app_context():
            number = None
            for locale, text in (("en", english), ("vi", vietnamese)):
                if text:
                    number = service.draft(kind, locale, text.encode(), number=number).number
            db.session.commit()
            assert number
            return number

    def publish(
        self,
        number: int,
        severity: Severity = Severity.MINOR,
        *,
        kind: PolicyKind = PolicyKind.PRIVACY,
        effective_on: date | None = None,
        summary_en: str = "",
        summary_vi: str = "",
        by: User | None = None,
    ) -> UUID | None:
        """Publish a draft; the id of its notice, if it has one."""
        with self.app.app_context():
            version = versions.find(kind, number)
            assert version
            terms = service.Publication(severity, effective_on, summary_vi, summary_en)
            notice = service.publish(version, terms, by=by)
            db.session.commit()
            return notice.id if notice else None

    def first(self, kind: PolicyKind = PolicyKind.PRIVACY) -> int:
        """A version in force that a next one can be compared with."""
        number = self.draft(ENGLISH, VIETNAMESE, kind=kind)
        self.publish(number, kind=kind)
        return number

    def announce(self, **terms: object) -> UUID:
        """Publish a next version as a major one: everyone there is gets a delivery."""
        notice = self.publish(self.draft(), Severity.MAJOR, **terms)  # type: ignore[arg-type]
        assert notice
        return notice
