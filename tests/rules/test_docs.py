"""What is written for people holds together: links lead somewhere, pages are listed, no machine is named."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DECISIONS = ROOT / "docs/decisions"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\(<?([^)>\s]+)>?\)")
REFERENCE = re.compile(r"docs/[\w/.-]*\w")
IN_A_BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
PICTURE_LIMIT = 250_000  # bytes
GOOGLE_AND_FACEBOOK = (
    *("accounts.google.com", "risc.googleapis.com", "schemas.openid.net"),
    *("www.facebook.com", "graph.facebook.com"),
)
RECEIVERS = ("support.google.com", "senders.yahooinc.com", "learn.microsoft.com")  # whose rules docs/mail.md quotes
NAMED = ("localhost", "portal.example.com", *GOOGLE_AND_FACEBOOK, *RECEIVERS)


def words_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as the usual hosts of repositories make them."""
    headings = re.findall(r"^#+ (.+)$", IN_A_BLOCK.sub("", words_of(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def broken_links(page: Path) -> Iterator[str]:
    for target in LINK.findall(words_of(page)):
        path, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        leads_to = (page.parent / path).resolve() if path else page
        if not leads_to.exists() or (anchor and anchor not in anchors(leads_to)):
            yield f"{page.relative_to(ROOT)} → {target}"


def test_every_link_leads_somewhere():
    assert [link for page in PAGES for link in broken_links(page)] == []


def test_what_code_says_of_the_docs_is_there():
    files = [*ROOT.glob("portal/**/*.py"), *ROOT.glob("templates/**/*.*"), *ROOT.glob("tests/**/*.py")]

    named = {(file, name) for file in files for name in REFERENCE.findall(words_of(file)) if file != Path(__file__)}
    lost = [f"{file.relative_to(ROOT)}: {name}" for file, name in named if not is_there(name)]

    assert lost == []


def is_there(name: str) -> bool:
    """Whether a page has this path, or a decision this number."""
    return (ROOT / name).exists() or any(ROOT.glob(f"{name}-*.md"))


def test_every_decision_is_listed_and_says_what_why_and_what_was_left():
    pages = [page for page in DECISIONS.glob("*.md") if page.name != "README.md"]
    listed = [target for target in LINK.findall(words_of(DECISIONS / "README.md")) if target.endswith(".md")]

    assert sorted(listed) == sorted(page.name for page in pages)
    for page in pages:
        assert "**What.**" in words_of(page), page.name
        assert "**Why.**" in words_of(page), page.name
        assert "**What was left.**" in words_of(page), page.name


def test_the_first_screen_shows_how_to_run_and_test_with_a_picture():
    first_screen = words_of(ROOT / "README.md").split("\n## ")[0]

    assert "make run" in first_screen
    assert "make test" in first_screen
    assert re.search(r"docs/pictures/[\w-]+\.png", first_screen)
    assert len(first_screen.splitlines()) <= 30


def test_pictures_are_small_and_shown():
    pictures = set((ROOT / "docs/pictures").iterdir())
    shown = {(page.parent / name).resolve() for page in PAGES for name in re.findall(r"[\w/.-]+\.png", words_of(page))}

    assert pictures <= shown
    assert [picture.name for picture in pictures if picture.stat().st_size > PICTURE_LIMIT] == []


def test_every_make_target_that_is_told_exists():
    told = {name for page in PAGES for name in re.findall(r"`make ([a-z]+)", words_of(page).partition("## Not yet")[0])}
    makefile = words_of(ROOT / "Makefile")

    assert told <= set(re.findall(r"^([a-z-]+):.*##", makefile, re.MULTILINE))


@pytest.mark.parametrize("page", [*PAGES, ROOT / ".env.example"], ids=lambda page: page.name)
def test_nothing_names_a_machine_or_a_registry(page):
    found = re.search(rf"/(?:work|root|home|tmp)/|https?://(?!{'|'.join(map(re.escape, NAMED))})", words_of(page))

    assert found is None, found
