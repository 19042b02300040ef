"""The archive's page that explains itself, and the profile for other programs."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser


class Page(HTMLParser):
    """The tags and attributes of a page, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def of(self, tag: str) -> Iterator[dict[str, str | None]]:
        return (attributes for name, attributes in self.tags if name == tag)


def test_the_index_opens_offline_without_scripts_under_its_own_policy(make_customer, take):
    archive = take(make_customer(full_name="<script>alert(1)</script>").admin)

    text = archive.read("index.html").decode()
    page = Page(text)
    assert not [tag for tag, _ in page.tags if tag in ("script", "link", "img", "iframe", "form", "object")]
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    (policy,) = [meta["content"] for meta in page.of("meta") if meta.get("http-equiv")]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    links = [a["href"] for a in page.of("a")]
    assert all(link.startswith("#") or link in archive.namelist() for link in links), links


def test_the_index_speaks_both_languages_the_persons_first(make_customer, take):
    archive = take(make_customer(locale="vi", full_name="Đặng Thị Đào").admin)

    text = archive.read("index.html").decode()
    assert '<html lang="vi">' in text
    assert text.index("Bản sao dữ liệu của bạn") < text.index("A copy of your data")
    assert text.count("Đặng Thị Đào") >= 4


def test_the_index_says_purpose_source_and_keep_until_beside_each_item(make_customer, take):
    text = take(make_customer().admin).read("index.html").decode()

    row = re.search(r'<tr><th scope="row">IP address</th>.*?</tr>', text, re.DOTALL)
    assert row is not None
    assert "Preventing fraud and protecting your account" in row[0]
    assert "Recorded automatically" in row[0]
    assert "90 days, or until the account is erased" in row[0]


def test_the_card_can_be_read_by_other_programs(make_customer, take, app):
    alice = make_customer(
        full_name="Nguyễn; Thị, Ng\\ọc", phone="+84905123456", contact_address="12 Trần Phú\nĐà Nẵng; tầng 3"
    ).admin

    card = take(alice).read("portability/profile.vcf")

    assert card.startswith(b"BEGIN:VCARD\r\nVERSION:4.0\r\n")
    assert card.endswith(b"END:VCARD\r\n")
    lines = card.replace(b"\r\n ", b"").decode().split("\r\n")
    assert f"UID:urn:uuid:{alice.id}" in lines
    assert "FN:Nguyễn\\; Thị\\, Ng\\\\ọc" in lines
    assert "TEL;VALUE=uri:tel:+84905123456" in lines
    assert "ADR:;;12 Trần Phú\\nĐà Nẵng\\; tầng 3;;;;" in lines


def test_the_linked_data_is_a_schema_org_person(make_customer, take):
    alice = make_customer(phone="+84905123456", contact_address="12 Trần Phú").admin

    person = json.loads(take(alice).read("portability/person.jsonld"))

    assert person["@context"] == "https://schema.org"
    assert person["@type"] == "Person"
    assert person["name"] == alice.full_name
    assert person["telephone"] == "+84905123456"
    assert person["address"] == {"@type": "PostalAddress", "streetAddress": "12 Trần Phú"}
