"""Writing to many as personnel do: by the forms of /staff/notices and /staff/campaigns."""

import re
from typing import Any
from uuid import UUID

from werkzeug.test import TestResponse

from portal.consents import service
from portal.consents.models import ConsentWay
from portal.consents.purposes import ConsentPurpose
from portal.core.database import db
from tests.support.browse import Browse, token_of

VERSION = re.compile(r'name="version"[^>]*value="([0-9a-f]{64})"')

NOTICE = {
    "subject_vi": "Bảo trì đêm thứ Bảy",
    "body_vi": (
        "Chào {full_name},\n\nChúng tôi bảo trì lúc 1 giờ sáng:\n\n- đặt phòng tạm ngừng\n- dữ liệu vẫn an toàn\n"
    ),
    "subject_en": "Maintenance on Saturday night",
    "body_en": "Hello {full_name},\n\nWe maintain our servers at 1 a.m.:\n\n- bookings pause\n- your data is safe\n",
}
CAMPAIGN = {
    "purpose": "promotions",
    "subject_vi": "Giảm 20% tháng này",
    "body_vi": "Chào {full_name} của {company_name}.",
    "subject_en": "20% off this month",
    "body_en": "Hello {full_name} of {company_name}.",
    "link": "https://smartos.space/offer",
    "link_label_vi": "Xem ưu đãi",
    "link_label_en": "See the offer",
}


def draft(window: Browse, fields: dict[str, Any] | None = None, *, kind: str = "notices") -> str:
    """A draft kept by the form; the address of its page."""
    given = {**(CAMPAIGN if kind == "campaigns" else NOTICE), **(fields or {})}
    reply = window.submit(f"/staff/{kind}/new", given)
    assert reply.status_code == 303, reply.get_data(as_text=True)
    return reply.headers["Location"]


def hidden_of(page: TestResponse) -> dict[str, str]:
    """What the form hides: its token, and which state of the draft it shows."""
    shown = VERSION.search(page.get_data(as_text=True))
    return {"csrf_token": token_of(page)} | ({"version": shown[1]} if shown else {})


def submit(window: Browse, page: str) -> TestResponse:
    """The button on the page that asks once more."""
    return window.post(f"{page}/send", hidden_of(window.get(f"{page}/send")))


def press(window: Browse, page: str, step: str) -> TestResponse:
    """One of the buttons of a notice's page."""
    return window.submit(f"{page}/{step}", page=page)


def id_of(page: str) -> UUID:
    found = re.search(r"[0-9a-f-]{36}", page)
    assert found
    return UUID(found[0])


def agree(app: Any, *people: Any, to: str = "promotions") -> None:
    """These people switch a kind of advertising on."""
    with app.app_context():
        for person in people:
            user = db.session.merge(person)
            service.decide(user, ConsentPurpose(to), granted=True, way=ConsentWay.SWITCH, page="/consents")
        db.session.commit()
