"""Every mistake is a clean page with the right status, in the reader's language, and tells nothing else."""

import json
import sqlite3

import pytest
from flask import abort
from sqlalchemy import event, text

from portal.core import throttle
from portal.core.database import db
from tests.support.browse import Browse

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
SECRET = "bich@example.com has the password sông Hàn"


def fail(code):
    if code == 500:
        raise ValueError(SECRET)
    if code == 429:
        raise throttle.TooOften(17)
    abort(code)


fail.access = "public"


@pytest.fixture
def broken(app):
    """A browser of a portal where /fail/<code> fails just so."""
    app.add_url_rule("/fail/<int:code>", view_func=fail)
    return app


@pytest.mark.parametrize(
    ("code", "english", "vietnamese"),
    [
        (400, "could not be read", "Không đọc được yêu cầu này"),
        (403, "Not part of your access", "Bạn không có quyền"),
        (404, "Nothing here", "Không có gì ở đây"),
        (413, "Too large", "Dung lượng quá lớn"),
        (429, "Too often", "Quá nhiều lần"),
        (500, "Our mistake", "Lỗi của chúng tôi"),
        (503, "Busy for a moment", "Hệ thống đang bận"),
        (418, "could not be read", "Không đọc được yêu cầu này"),
    ],
)
def test_each_status_has_its_page_in_both_languages_and_as_json(broken, code, english, vietnamese):
    in_english = Browse(broken).get(f"/fail/{code}")
    in_vietnamese = Browse(broken, language="vi").get(f"/fail/{code}")
    as_json = Browse(broken).get(f"/fail/{code}", headers={"Accept": "application/json"})

    assert [r.status_code for r in (in_english, in_vietnamese, as_json)] == [code] * 3
    assert english in in_english.get_data(as_text=True)
    assert vietnamese in in_vietnamese.get_data(as_text=True)
    assert english in json.loads(as_json.get_data(as_text=True))["error"]
    for reply in (in_english, in_vietnamese, as_json):
        assert not any(word in reply.get_data(as_text=True) for word in ("bich@", "sông", "ValueError", "Traceback"))
        assert "Content-Security-Policy" in reply.headers


def test_too_often_says_when_to_come_back(broken):
    assert Browse(broken).get("/fail/429").headers["Retry-After"] == "17"


def test_a_wrong_method_says_which_are_right(browse):
    reply = browse.get("/sign-out")

    assert reply.status_code == 405
    assert "POST" in reply.headers["Allow"]


def test_who_is_signed_in_sees_mistakes_with_their_own_menu(browse_as, make_customer):
    alice = make_customer().admin

    page = browse_as(alice).get("/nothing-here")

    assert page.status_code == 404
    assert alice.full_name in page.get_data(as_text=True)


PART = b'--x\r\nContent-Disposition: form-data; name="field%d"\r\n\r\n%s\r\n'


@pytest.mark.parametrize("path", ["/sign-up", "/forgot-password"])
def test_a_body_that_is_too_large_is_refused(browse, path):
    large = b"email=" + b"x" * 3_000_000
    many = b"".join(PART % (n, b"x") for n in range(500)) + b"--x--\r\n"
    one_large_field = PART % (1, b"x" * 1_500_000) + b"--x--\r\n"

    for body, kind in [
        (large, "application/x-www-form-urlencoded"),
        (many, "multipart/form-data; boundary=x"),
        (one_large_field, "multipart/form-data; boundary=x"),
        (b"--x\r" * 100_000, "multipart/form-data; boundary=x"),
    ]:
        reply = browse.client.post(path, data=body, content_type=kind)
        assert reply.status_code in (400, 413, 422)
        assert reply.status_code == 413 or len(body) < 1_000_000


def test_a_locked_database_is_busy_for_a_moment_and_loses_nothing(app, make_customer, browse):
    alice = make_customer().admin
    page = browse.get("/forgot-password")
    with app.app_context():
        path = db.engine.url.database
        db.engine.dispose()
        event.listen(db.engine, "connect", lambda connection, record: connection.execute("pragma busy_timeout=50"))
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("begin immediate")

        reply = browse.submit("/sign-in", {"email": alice.email, "password": "x"})
        assert browse.get("/sign-in").status_code == 200
        other.execute("rollback")

    assert page.status_code == 200
    assert (reply.status_code, reply.headers["Retry-After"]) == (503, "5")
    assert "Busy for a moment" in reply.get_data(as_text=True)
    other.close()
    browse.sign_in(alice)


def test_after_a_failure_the_next_request_starts_afresh(app, make_customer):
    def half():
        db.session.execute(text("update customer set package = 'Half'"))
        raise ValueError(SECRET)

    half.access = "public"
    app.add_url_rule("/half", view_func=half, methods=["POST"])
    app.config["WTF_CSRF_ENABLED"] = False
    make_customer()

    assert Browse(app).post("/half").status_code == 500

    assert Browse(app).get("/").status_code == 200
    with app.app_context():
        assert db.session.scalar(text("select package from customer")) == "Starter"
