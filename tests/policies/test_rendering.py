"""What a policy officer typed is shown to everyone: as they meant it, and never as a program."""

import time
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from portal.policies.rendering import to_html

TEXT = ["p", "ul", "ol", "li", "strong", "em", "a", "h3", "h4", "br", "blockquote", "code"]
ALLOWED = [*TEXT, "table", "thead", "tbody", "tr", "th", "td"]

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<IMG SRC=javascript:alert(1)//",
    "<svg/onload=alert(1)>",
    "<a href='https://x.example' onclick=alert(1)>x</a>",
    "<style>*{display:none}</style><link rel=stylesheet href=//x.example>",
    "<!--[if IE]><script>alert(1)</script><![endif]-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<math><mtext></p><style><img src=x onerror=alert(1)></style></mtext></math>",
    "</div></main><iframe src=https://x.example>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox)",
    "[x](file:///etc/passwd)",
    "[x](ftp://x.example)",
    "[x](http://x.example)",
    "[x](//x.example)",
    "[x](/\\x.example)",
    "[x](\\\\x.example)",
    "[x](x.example)",
    '[x](https://x.example "a\\" onmouseover=alert(1) b=\\"")',
    "[x](<https://x.example/' onclick='alert(1)>)",
    "![x](https://x.example/pixel.png)",
    "![x](x onerror=alert(1))",
    "<javascript:alert(1)>",
    "[a]: javascript:alert(1)\n\n[a]",
    "`<script>alert(1)</script>`",
    "```html\n<script>alert(1)</script>\n```",
    "|<script>alert(1)</script>|b|\n|:-:|-|\n|<img src=x onerror=alert(1)>|[x](javascript:1)|",
    "\u202e<script>\u0000alert(1)</script>",
    "\ud83d <b>half an emoji</b>",
    "{{7*7}} {% include 'x' %} {0.__class__} ${7*7} %(x)s #{7*7}",
]


class _Reader(HTMLParser):
    """What a browser would see: the tags with their attributes, and the text."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.tags, self.text, self.oddities = [], "", []
        self.feed(str(html))
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def handle_comment(self, data):
        self.oddities.append(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


def is_harmless(html):
    seen = _Reader(html)
    for tag, attributes in seen.tags:
        href = attributes.pop("href", "#")
        is_place = href.startswith(("https://", "mailto:", "#")) or (href[0] == "/" and href[1:2] not in "/\\")
        allowed = {"a": {"rel"}, "ol": {"start"}}.get(tag, set())
        if tag not in ALLOWED or not is_place or set(attributes) - allowed:
            return False
    return not seen.oddities


@pytest.mark.parametrize("markdown", HOSTILE)
def test_hostile_text_is_shown_without_harm(markdown):
    assert is_harmless(to_html(markdown))
    assert is_harmless(to_html(f"- item\n\n  > **{markdown}**"))


def test_raw_html_is_shown_as_it_was_typed():
    assert _Reader(to_html("<b>bold</b> <img src=x onerror=alert(1)>")).text.strip() == (
        "<b>bold</b> <img src=x onerror=alert(1)>"
    )


@pytest.mark.parametrize("typed", ["{{7*7}}", "{0.__class__}", "{% raw %}", "__Host-sid", "%(name)s", "~~30~~ days"])
def test_what_looks_like_a_program_or_a_name_is_shown_literally(typed):
    assert to_html(typed) == f"<p>{typed}</p>\n"


def test_a_reader_gets_paragraphs_lists_and_emphasis():
    html = to_html("We keep **little**, for *now*:\n\n- one\n- two\n\n5. five\n6. six")

    assert "<strong>little</strong>" in html
    assert "<em>now</em>" in html
    assert "<ul>\n<li>one</li>\n<li>two</li>\n</ul>" in html
    assert '<ol start="5">' in html


def test_links_to_the_web_to_mail_and_within_the_portal_work():
    html = to_html("<support@smartos.space> [law](https://law.example/?a=1&b=2) [8.2](/privacy-policy#c-8-2)")

    assert 'href="mailto:support@smartos.space"' in html
    assert 'href="https://law.example/?a=1&amp;b=2"' in html
    assert 'href="/privacy-policy#c-8-2"' in html
    assert html.count('rel="noopener noreferrer"') == 3


def test_headings_inside_a_clause_rank_below_those_of_the_page():
    assert to_html("# A\n\n#### B") == "<h3>A</h3>\n<h4>B</h4>\n"


def test_a_table_is_a_table_and_carries_no_style():
    html = to_html("|Data|Days|\n|:-|-:|\n|Visits|90|")

    assert "<td>90</td>" in html
    assert "style" not in html


def test_nothing_that_was_typed_disappears():
    typed = "[note]: https://x.example\n\n    indented\n\n---\n\nTitle?\n===\n\n![map](https://x.example/m.png)"

    seen = _Reader(to_html(typed)).text

    assert all(word in seen for word in ["[note]:", "indented", "Title?", "!map"])


def test_the_result_may_be_set_into_a_template_as_it_is():
    assert isinstance(to_html("a"), Markup)


@pytest.mark.parametrize(
    "markdown",
    [
        "[" * 100_000,
        "![a" * 50_000,
        "[a](" * 30_000,
        "*a" * 50_000,
        "<" * 100_000,
        "> " * 5_000,
        "- " * 5_000,
        "`a" * 50_000,
    ],
)
def test_a_text_made_to_keep_the_reader_busy_is_done_soon(markdown):
    started = time.process_time()

    to_html(markdown)

    assert time.process_time() - started < 4


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.lists(
        st.sampled_from([*HOSTILE, "**", "*", "`", "\n\n", "\n- ", "> ", "](", "[", "<", ">", '"', "|"]),
        max_size=6,
    )
)
def test_no_mixture_of_hostile_pieces_does_harm(pieces):
    assert is_harmless(to_html("".join(pieces)))
