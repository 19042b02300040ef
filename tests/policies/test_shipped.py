"""The texts that come with the portal: complete, equal in both languages, and promising what it does."""

import re
from pathlib import Path

import pytest

import portal.policies
from portal.policies.clauses import canonical, decode, parse
from portal.policies.rendering import to_html

SHIPPED = Path(portal.policies.__file__).parent / "shipped"
BOTH = pytest.mark.parametrize("locale", ["vi", "en"])
ALL = pytest.mark.parametrize("name", ["privacy.vi", "privacy.en", "terms.vi", "terms.en"])

PROMISES = {1: 2, 2: 5, 3: 3, 4: 8, 5: 2, 6: 2, 7: 1, 8: 7, 9: 3, 10: 1, 11: 1, 12: 4, 13: 1}
"""How many promises each article of the privacy policy makes; they are numbered 1.1, 1.2, 2.1, …"""


def shipped(name):
    return parse(decode((SHIPPED / f"{name}.md").read_bytes()))


def text_of(name, number):
    found = next(clause for clause in shipped(name) if clause.number == number)
    return f"{found.title}\n{found.body}".casefold()


@BOTH
def test_clause_12_1_the_policy_has_thirteen_articles_and_a_number_for_each_promise(locale):
    clauses = shipped(f"privacy.{locale}")

    articles = [clause.number for clause in clauses if clause.level == 1]
    promises = [clause.number for clause in clauses if clause.level == 2]
    assert articles == [str(article) for article in PROMISES]
    assert promises == [f"{article}.{n}" for article, count in PROMISES.items() for n in range(1, count + 1)]


@pytest.mark.parametrize("kind", ["privacy", "terms"])
def test_both_languages_have_the_same_clauses_of_about_the_same_shape(kind):
    vietnamese, english = shipped(f"{kind}.vi"), shipped(f"{kind}.en")

    assert [clause.number for clause in vietnamese] == [clause.number for clause in english]
    for one, other in zip(vietnamese, english, strict=True):
        assert one.body.count("\n- ") == other.body.count("\n- "), one.number
        assert one.body.count("\n\n") == other.body.count("\n\n"), one.number
        assert re.findall(r"\]\(\S+\)", one.body) == re.findall(r"\]\(\S+\)", other.body), one.number
        assert sorted(re.findall(r"\d+", one.body)) == sorted(re.findall(r"\d+", other.body)), one.number


@ALL
def test_every_clause_has_a_title_and_every_promise_its_words(name):
    for clause in shipped(name):
        assert clause.title, clause.number
        assert clause.level == 1 or len(clause.body) > 40, clause.number


@ALL
def test_a_shipped_text_is_stored_as_it_was_written(name):
    written = (SHIPPED / f"{name}.md").read_text(encoding="utf-8")

    _, _, without_title = written.partition("\n\n")

    assert canonical(shipped(name)) == without_title


@pytest.mark.parametrize(
    ("number", "english", "vietnamese"),
    [
        ("1.2", "smartos pms, smartos bespoke solution and smartos booking", "smartos bespoke solution"),
        ("2.2", "within the signed service package", "gói dịch vụ đã ký kết"),
        ("3.1", "company name, business unit", "tên công ty, đơn vị kinh doanh"),
        (
            "3.3",
            "ip address, browser type and operating system",
            "địa chỉ ip, loại trình duyệt và hệ điều hành",
        ),
        ("4.5", "off until you switch them on", "tắt cho đến khi bạn bật"),
        ("4.8", "do not sell, rent or lend", "không bán, không cho thuê và không cho mượn"),
        ("5.1", "sign out or close the browser", "đăng xuất hoặc đóng trình duyệt"),
        ("8.2", "at most another 30 days", "tối đa 30 ngày"),
        ("8.3", "erased automatically", "xóa tự động"),
        ("8.6", "within 72 hours of discovery", "72 giờ kể từ khi phát hiện"),
        (
            "9.1",
            "access, extract, edit, update or delete",
            "truy cập, trích xuất, chỉnh sửa, cập nhật hoặc xóa",
        ),
        ("11.1", "under 13", "dưới 13 tuổi"),
        ("12.2", "without writing to each person", "không gửi thư cho từng người"),
        ("12.3", "by e-mail to each verified user", "email đến từng người dùng đã xác minh"),
        ("12.4", "never taken as consent", "không bao giờ được coi là đồng ý"),
        ("13.1", "support@smartos.space", "support@smartos.space"),
    ],
)
def test_the_promise_stands_at_its_number_in_both_languages(number, english, vietnamese):
    assert english in text_of("privacy.en", number)
    assert vietnamese in text_of("privacy.vi", number)


@ALL
def test_the_law_in_force_is_named(name):
    text = canonical(shipped(name))

    assert all(law in text for law in ["91/2025/QH15", "356/2025/NĐ-CP", "116/2025/QH15"])
    assert "13/2023" not in text


@BOTH
def test_what_happens_to_data_after_the_terms_end_is_left_to_the_privacy_policy(locale):
    assert "/privacy-policy#c-8-2" in text_of(f"terms.{locale}", "8.4")


@ALL
def test_every_link_inside_the_portal_to_a_clause_meets_one(name):
    targets = re.findall(r"/privacy-policy#(c-[\d-]+)", canonical(shipped(name)))

    assert set(targets) <= {clause.anchor for clause in shipped("privacy.vi")}


@ALL
def test_a_shipped_text_shows_no_leftover_of_its_markup(name):
    for clause in shipped(name):
        shown = re.sub(r"<[^>]*>", "", to_html(clause.body))
        assert not re.search(r"[*`#|\\]|\]\(|&lt;", shown), clause.number
