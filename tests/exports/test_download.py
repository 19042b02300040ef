"""Downloading an archive: a fresh proof first, then any part of it for a day, in that session alone."""

import hashlib

import pytest
from sqlalchemy import select

from portal.accounts.models import User
from portal.core.database import db
from portal.exports import service
from portal.exports.models import Opening
from portal.storage.opened import files
from tests.support.people import PASSWORD

CONFIRM = "/confirm-identity"


@pytest.fixture
def ready(make_customer, browse_as, ask, work):
    """Alice's browser and the page of her export, ready."""
    browser = browse_as(make_customer().admin)
    page = ask(browser)
    work()
    return browser, page


@pytest.fixture
def openings(app):
    def read():
        with app.app_context():
            return list(db.session.scalars(select(Opening)))

    return read


def test_the_archive_comes_whole_as_a_file_whose_name_tells_of_nobody(ready, rows):
    browser, page = ready

    reply = browser.get(f"{page}/download")

    export = rows()[0]
    assert reply.status_code == 200
    assert reply.mimetype == "application/zip"
    assert hashlib.sha256(reply.data).hexdigest() == export.sha256
    assert len(reply.data) == export.bytes == reply.content_length
    assert reply.headers["Content-Disposition"].isascii()
    assert reply.headers["Content-Disposition"].startswith('attachment; filename="smartos-export-20')
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["ETag"] == f'"{export.sha256}"'


def test_it_lies_sealed_in_the_store(ready, app, rows):
    with app.app_context():
        sealed = app.extensions["store"].get(rows()[0].path)

    assert b"PK\x03\x04" not in sealed
    assert b"profile.json" not in sealed


def test_ten_minutes_after_the_proof_it_asks_again_and_comes_back(ready, move_clock):
    browser, page = ready
    move_clock(seconds=601)

    asked = browser.get(f"{page}/download")
    proven = browser.submit(asked.headers["Location"], {"password": PASSWORD})

    assert asked.status_code == 303
    assert asked.headers["Location"] == f"{CONFIRM}?next={page}/download"
    assert proven.headers["Location"] == f"{page}/download"
    assert browser.get(f"{page}/download").status_code == 200


def test_a_browsers_window_comes_back_to_the_page_which_starts_the_download(ready, move_clock):
    browser, page = ready
    move_clock(seconds=601)

    asked = browser.get(f"{page}/download", headers={"Sec-Fetch-Dest": "document"})
    proven = browser.submit(asked.headers["Location"], {"password": PASSWORD})
    shown = browser.get(proven.headers["Location"]).get_data(as_text=True)

    assert proven.headers["Location"] == f"{page}?start=1"
    assert f'http-equiv="refresh" content="0; url={page}/download"' in shown


def test_a_foreign_link_with_start_does_not_start_anything_without_a_proof(ready, move_clock):
    browser, page = ready
    move_clock(seconds=601)

    assert 'content="0; url=' not in browser.get(f"{page}?start=1").get_data(as_text=True)


def test_once_opened_it_stays_open_for_a_day_in_this_session(ready, move_clock, openings):
    browser, page = ready
    browser.get(f"{page}/download")

    for hours in (1.9, 3.8, 5.7, 7.6, 9.5, 11.4):  # a session without use ends after two
        move_clock(hours=hours)
        browser.get("/exports")
    again = browser.get(f"{page}/download", headers={"Range": "bytes=0-3"})

    assert again.status_code == 206
    assert len(openings()) == 1


def test_after_a_day_even_the_longest_session_proves_itself_again(ready, openings, rows, move_clock, app):
    browser, page = ready
    browser.get(f"{page}/download")
    (opening,), (export,) = openings(), rows()

    def is_open_after(**time):
        move_clock(**time)
        with app.app_context():
            return service.is_open(export, sign_in_id=opening.sign_in_id)

    assert is_open_after(hours=24, seconds=-60)
    assert not is_open_after(hours=24)


def test_another_session_of_the_same_person_proves_itself(ready, browse_as, move_clock, app):
    browser, page = ready
    browser.get(f"{page}/download")
    with app.app_context():
        alice = db.session.scalars(select(User)).one()
    other = browse_as(alice)
    move_clock(seconds=601)

    assert other.get(f"{page}/download").headers["Location"].startswith(CONFIRM)


def test_another_export_proves_itself(ready, ask, work, move_clock):
    browser, page = ready
    browser.get(f"{page}/download")
    second = ask(browser)
    work()
    move_clock(seconds=601)

    assert browser.get(f"{page}/download").status_code == 200
    assert browser.get(f"{second}/download").headers["Location"].startswith(CONFIRM)


def test_opening_is_counted_once_and_shown_to_the_person(ready, rows):
    browser, page = ready

    for _ in range(3):
        browser.get(f"{page}/download", headers={"Range": "bytes=0-0"})

    assert rows()[0].opened == 1


def test_head_tells_all_and_uses_up_nothing(ready, openings):
    browser, page = ready

    reply = browser.client.head(f"{page}/download", headers={"Range": "bytes=0-9"})

    assert reply.status_code == 200
    assert reply.content_length > 1000
    assert reply.headers["Accept-Ranges"] == "bytes"
    assert reply.data == b""
    assert openings() == []


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("bytes=0-0", 0, 0), ("bytes=10-99", 10, 99), ("bytes=1000-", 1000, None), ("bytes=-7", -7, None)],
)
def test_a_range_is_that_part_of_the_archive(ready, asked, first, last):
    browser, page = ready
    whole = browser.get(f"{page}/download").data
    start = first if first >= 0 else len(whole) + first
    stop = len(whole) if last is None else last + 1

    reply = browser.get(f"{page}/download", headers={"Range": asked})

    assert reply.status_code == 206
    assert reply.data == whole[start:stop]
    assert reply.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(whole)}"
    assert reply.content_length == stop - start


def test_more_than_there_is_is_all_there_is(ready):
    browser, page = ready
    whole = browser.get(f"{page}/download").data

    for asked in ("bytes=0-99999999", "bytes=-99999999"):
        reply = browser.get(f"{page}/download", headers={"Range": asked})
        assert (reply.status_code, reply.data) == (206, whole)


def test_beyond_the_end_there_is_nothing(ready):
    browser, page = ready
    size = len(browser.get(f"{page}/download").data)

    reply = browser.get(f"{page}/download", headers={"Range": f"bytes={size}-"})

    assert reply.status_code == 416
    assert reply.headers["Content-Range"] == f"bytes */{size}"


@pytest.mark.parametrize("asked", ["bytes=9-5", "bytes=a-b", "items=0-1", "bytes=0-1,4-5", "nonsense"])
def test_a_range_that_says_nothing_useful_gets_the_whole(ready, asked):
    browser, page = ready
    whole = browser.get(f"{page}/download").data

    reply = browser.get(f"{page}/download", headers={"Range": asked})

    assert (reply.status_code, reply.data) == (200, whole)


def test_a_download_goes_on_only_with_the_same_archive(ready):
    browser, page = ready
    etag = browser.get(f"{page}/download").headers["ETag"]

    def status(if_range):
        headers = {"Range": "bytes=5-", "If-Range": if_range}
        return browser.get(f"{page}/download", headers=headers).status_code

    assert status(etag) == 206
    assert status('"another"') == 200
    assert status(f"W/{etag}") == 200
    assert status("Mon, 23 Nov 2026 10:00:00 GMT") == 200


def test_before_it_is_ready_there_is_nothing_to_download(make_customer, browse_as, ask):
    browser = browse_as(make_customer().admin)

    assert browser.get(f"{ask(browser)}/download").status_code == 404


def test_an_archive_that_vanished_is_not_a_crash(ready, rows, app):
    browser, page = ready
    with app.app_context():
        files().delete(rows()[0].path)

    assert browser.get(f"{page}/download").status_code == 404


def test_a_forgotten_key_is_not_a_crash(ready, make_customer, app):
    browser, page = ready
    with app.app_context():
        for customer in list(app.extensions["keys"].customers()):
            app.extensions["keys"].forget(customer)

    assert browser.get(f"{page}/download").status_code == 404
