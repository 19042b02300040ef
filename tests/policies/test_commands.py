"""`flask policies import` and `publish`: exit codes, and one clear line for every text that cannot be taken."""

import json

import pytest

from portal.core.database import db
from portal.policies import versions
from portal.policies.models import PolicyKind, PolicyVersion
from tests.support.documents import ENGLISH, VIETNAMESE

PRIVACY = ("--kind", "privacy")


@pytest.fixture
def flask(app):
    """Run a `flask` command; gives the exit code, what it said, and what it complained of."""

    def run(*arguments: str):
        return app.test_cli_runner().invoke(app.cli, list(arguments))

    return run


@pytest.fixture
def file(tmp_path):
    def write(content: str | bytes, name: str = "policy.txt") -> str:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


def test_clause_12_1_an_officer_imports_both_languages_and_publishes(flask, file, app, browse):
    first = flask("policies", "import", file(ENGLISH), *PRIVACY, "--locale", "en", "--json")
    number = json.loads(first.stdout)["number"]
    second = flask("policies", "import", file(VIETNAMESE), *PRIVACY, "--locale", "vi", "--number", str(number))
    third = flask("policies", "publish", str(number), *PRIVACY, "--severity", "minor")

    assert [first.exit_code, second.exit_code, third.exit_code] == [0, 0, 0]
    assert browse.get("/privacy-policy").status_code == 200


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "nothing in it"),
        (b"   \n\n", "nothing in it"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not a plain text"),
        ("1. Xin chào".encode("utf-16"), "not a plain text"),
        (b"<!DOCTYPE html><h1>1. Hello</h1>\n1. Hello\ntext", "not a plain text"),
        (b"Just words without any heading.", "begins an article"),
        (b"1. One\ntext\n3. Three\ntext", "cannot stand"),
        (b"1. Long\n" + b"x" * 600_000, "500 kB"),
    ],
)
def test_a_text_that_is_no_policy_is_refused_with_the_reason(flask, file, app, content, reason):
    result = flask("policies", "import", file(content), *PRIVACY, "--locale", "en")

    assert result.exit_code == 1
    assert reason in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    with app.app_context():
        assert db.session.scalar(db.select(db.func.count()).select_from(PolicyVersion)) == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("import", "/nowhere/at/all.txt", *PRIVACY, "--locale", "en"),
        ("import", "{file}", "--kind", "cookies", "--locale", "en"),
        ("import", "{file}", *PRIVACY, "--locale", "fr"),
        ("import", "{file}", *PRIVACY, "--locale", "en", "--number", "0"),
        ("publish", "one", *PRIVACY, "--severity", "minor"),
        ("publish", "1", *PRIVACY, "--severity", "huge"),
        ("publish", "1", *PRIVACY),
        ("publish", "1", *PRIVACY, "--severity", "major", "--effective-on", "tomorrow"),
    ],
)
def test_wrong_usage_ends_with_two(flask, file, arguments):
    path = file(ENGLISH)

    result = flask("policies", *(path if argument == "{file}" else argument for argument in arguments))

    assert result.exit_code == 2


def test_what_cannot_be_published_says_why(flask, file):
    path = file(ENGLISH)
    flask("policies", "import", path, *PRIVACY, "--locale", "en")

    one_language = flask("policies", "publish", "1", *PRIVACY, "--severity", "minor")
    unknown = flask("policies", "publish", "7", *PRIVACY, "--severity", "minor")
    no_draft = flask("policies", "import", path, *PRIVACY, "--locale", "en", "--number", "7")

    assert [one_language.exit_code, unknown.exit_code, no_draft.exit_code] == [1, 1, 1]
    assert "has no text in “vi” yet" in one_language.stderr


def test_a_published_version_does_not_change_any_more(flask, file, documents):
    documents.first()

    again = flask("policies", "publish", "1", *PRIVACY, "--severity", "major")
    other_words = flask("policies", "import", file(ENGLISH), *PRIVACY, "--locale", "en", "--number", "1")

    assert [again.exit_code, other_words.exit_code] == [1, 1]
    assert "published already" in again.stderr


def test_an_older_draft_cannot_overtake_a_later_version(flask, documents):
    documents.first()
    older, later = documents.draft(), documents.draft()
    documents.publish(later)

    result = flask("policies", "publish", str(older), *PRIVACY, "--severity", "minor")

    assert result.exit_code == 1
    assert "A later version" in result.stderr


def test_a_day_that_is_past_counts_as_today(flask, documents, app, make_customer, work, mailbox):
    alice = make_customer().admin
    number = documents.draft()

    result = flask("policies", "publish", str(number), *PRIVACY, "--severity", "major", "--effective-on", "2020-01-01")
    work()

    assert result.exit_code == 0
    with app.app_context():
        found = versions.in_force(PolicyKind.PRIVACY)
        assert found.effective_on == versions.day_of(found.published_at)
    assert len(mailbox.letters(alice.email)) == 1


def test_a_database_without_tables_ends_with_three(flask, app):
    with app.app_context():
        db.drop_all()

    result = flask("notices", "status")

    assert result.exit_code == 3
    assert "flask db upgrade" in result.stderr


def test_status_counts_every_notice(flask, documents, make_customer, work):
    make_customer()
    make_customer()
    documents.first()
    notice = documents.announce()
    work()

    listed = json.loads(flask("notices", "status", "--json").stdout)
    one = json.loads(flask("notices", "status", str(notice), "--json").stdout)
    words = flask("notices", "status").stdout

    assert listed == [one]
    assert {name: one[name] for name in ("recipients", "queued", "sent", "failed", "bounced")} == {
        "recipients": 2, "queued": 0, "sent": 2, "failed": 0, "bounced": 0,
    }  # fmt: skip
    assert "recipients 2" in words
    assert flask("notices", "status", "00000000-0000-7000-8000-000000000000").exit_code == 1
    assert flask("notices", "status", "x").exit_code == 2
