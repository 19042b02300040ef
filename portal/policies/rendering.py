"""The Markdown of a clause as HTML that may be set into any page, whoever wrote it."""

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markupsafe import Markup

_MAX_BRACKETS = 500
"""A text of nothing but "[" would take half a minute: with more than this, links are shown as typed."""

# Off: what makes a picture, hides text (a reference is not printed), means something else in a comparison
# (struck out), or turns the layout of pasted plain text into code and headings.
_OFF = ["image", "reference", "strikethrough", "code", "fence", "lheading", "hr", "html_block", "html_inline"]

_TABLE = {"table", "thead", "tbody", "tr", "th", "td"}


def to_html(markdown: str) -> Markup:
    """Safe HTML: paragraphs, lists, emphasis, links, small headings, tables; the rest is shown as typed.

    Links lead to https, to a mail address, or to a page of this portal ("/terms", "#c-9-1").
    """
    parser = _AS_TYPED if markdown.count("[") > _MAX_BRACKETS else _WITH_LINKS
    text = markdown.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair is no character
    tokens = [_below_the_page(token) for token in parser.parse(text)]
    return Markup(_CLEANER.clean(parser.renderer.render(tokens, parser.options, {})))


def _below_the_page(token: Token) -> Token:
    """Headings inside a clause rank below those of the page, which are h1 and h2."""
    if token.type in {"heading_open", "heading_close"}:
        token.tag = "h3" if token.tag in {"h1", "h2", "h3"} else "h4"
    return token


def _own_page(url: str) -> str | None:
    """A path of this portal; "//other.example" and "/\\\\other.example" are another site in disguise."""
    is_own = url.startswith("#") or (url.startswith("/") and url[1:2] not in {"/", "\\"})
    return url if is_own else None


def _underscore(state: StateInline, silent: bool) -> bool:
    """Shown as typed, since `__Host-sid` is the name of a cookie, and not a word in bold."""
    if state.src[state.pos] != "_":
        return False
    state.pos += 1
    if not silent:
        state.pending += "_"
    return True


def _parser(*off: str) -> MarkdownIt:
    parser = MarkdownIt("js-default").disable([*_OFF, *off])
    parser.inline.ruler.before("emphasis", "underscore", _underscore)
    return parser


_WITH_LINKS = _parser()
_AS_TYPED = _parser("link")
_CLEANER = nh3.Cleaner(
    tags={"p", "ul", "ol", "li", "strong", "em", "a", "h3", "h4", "br", "blockquote", "code"} | _TABLE,
    attributes={"*": set(), "a": {"href"}, "ol": {"start"}},
    url_schemes={"https", "mailto"},
    url_relative=_own_page,
    link_rel="noopener noreferrer",
)
