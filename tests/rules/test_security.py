"""What the portal does without, so that nobody can turn it against people (docs/asvs.md names these tests)."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from portal.core.database import db
from portal.extensions import csrf
from tests.rules.test_bad_input import addresses

ROOT = Path(__file__).resolve().parents[2]
PORTAL = ROOT / "portal"
SCRIPTS = sorted((ROOT / "static/js").rglob("*.js"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))

RUNS_TEXT = {"eval", "exec", "compile", "__import__"}
NEVER_IMPORTED = {
    *("pickle", "marshal", "shelve", "dill", "yaml", "xml", "lxml", "telnetlib", "ftplib", "ldap", "imaplib"),
    "random",
}
TRYING_OUT = {"dev/agreed.py", "dev/demo.py", "dev/names.py"}  # invented people: no secret, the same each time
REACHES_OUT = {
    "socket": {"notices/engine/wire.py", "serving/mailbox.py", "serving/parent.py"},
    "subprocess": {"serving/children.py"},
    "smtplib": {"mailer/carrier.py", "mailer/delivery.py", "notices/engine/wire.py", "pages/doctor.py"},
    "obstore": {"storage/bucket.py"},
    "requests": {"signin/providers/"},
    "authlib": {"signin/providers/"},
    "urllib.request": set(),
    "http.client": set(),
    "httpx": set(),
    "urllib3": {"signin/providers/"},
}
SQL_WITH_NAMES = {
    "core/database.py": "BEGIN and pragmas, from constants",
    "erasure/models.py": "a CHECK made of the room's own enum",
    "erasure/rehearsal.py": "names of tables, from the models",
    "erasure/residue.py": "a time-out and table names, from the models",
    "notices/engine/pens.py": "a pragma, with a number of its own",
}
PATTERNS_WITH_NAMES = {"erasure/service.py": "a constant of the room"}
MARKED_SAFE = {
    "exports/covers.py": "the archive's page, rendered and escaped by its own template",
    "notices/inbox/words.py": "the body of a letter composed here, cleaned by nh3",
    "policies/continued_use.py": "two links, their words escaped by format()",
    "policies/for_you.py": "list items, their words escaped by format()",
    "policies/rendering.py": "Markdown, cleaned by nh3",
    "signin/entering.py": "a link, its words escaped by format()",
}
WITHOUT_SESSION_TOKEN = {
    "portal.consents.unsubscribe_views.unsubscribe",
    "portal.consents.cookie_views.cookies",  # signed out; who is signed in shows it all the same
    "portal.erasure.provider_views.facebook_data_deletion",
    "portal.erasure.views.undo_by_link",
    "portal.joining.views.sign_up",
    "portal.joining.views.verify_email",
    "portal.pages.views.set_locale",
    "portal.profile.views.confirm_email",
    "portal.signin.not_me_views.not_me",
    "portal.support.views.contact",
}
WITHOUT_SESSIONS = (
    "portal.signin.providers.",  # signed by Google or Facebook, and acting on nobody's session
    "portal.dev.",  # stand-ins for them, which production does not have
)
NOTED_WHILE_LOOKING = (
    "throttle_",  # how often
    "handshake",  # what a browser has half begun
    "audit_entry",  # that a provider's answer was refused
)


def trees() -> Iterator[tuple[str, ast.AST]]:
    for file in sorted(PORTAL.rglob("*.py")):
        yield file.relative_to(PORTAL).as_posix(), ast.parse(file.read_text(encoding="utf-8"))


def imported(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            named = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            yield named, node


def is_put_together(argument: ast.expr) -> bool:
    """Whether a statement is text with something set into it: f"…", "…" + x, "…" % x, "…".format(x)."""
    if isinstance(argument, ast.BinOp | ast.JoinedStr):
        return True
    return isinstance(argument, ast.Call) and getattr(argument.func, "attr", "") in ("format", "join")


def is_module(name: str, module: str) -> bool:
    return name == module or name.startswith(f"{module}.")


def test_no_text_is_run_as_a_program():
    found = [
        f"{path}:{node.lineno}"
        for path, tree in trees()
        for name, node in calls(tree)
        if (name in RUNS_TEXT and isinstance(node.func, ast.Name)) or name in ("system", "popen", "from_string")
    ]
    with_a_shell = [
        f"{path}:{node.lineno}"
        for path, tree in trees()
        for _name, node in calls(tree)
        for given in node.keywords
        if given.arg == "shell"
    ]

    assert found + with_a_shell == []


def test_nothing_is_read_by_a_parser_that_obeys_what_it_reads():
    found = [
        (path, name)
        for path, tree in trees()
        for name in imported(tree)
        if any(is_module(name, module) for module in NEVER_IMPORTED) and path not in TRYING_OUT
    ]

    assert found == []


@pytest.mark.parametrize("module", sorted(REACHES_OUT))
def test_only_these_files_reach_out_of_the_process(module):
    users = {path for path, tree in trees() if any(is_module(name, module) for name in imported(tree))}

    assert [path for path in users if not path.startswith(tuple(REACHES_OUT[module]))] == []


def test_no_weak_digest_or_cipher_is_used():
    weak = re.compile(r"\b(md5|sha1|SHA1|MD5|DES|TripleDES|RC4|ARC4|Blowfish|ECB|PKCS1v15|modes\.CBC)\b")

    found = [path.relative_to(ROOT).as_posix() for path in PORTAL.rglob("*.py") if weak.search(path.read_text())]

    assert found == []


def test_no_certificate_goes_unverified():
    careless = re.compile(r"verify\s*=\s*False|CERT_NONE|check_hostname\s*=\s*False|_create_unverified_context")

    found = [path.relative_to(ROOT).as_posix() for path in PORTAL.rglob("*.py") if careless.search(path.read_text())]

    assert found == []


def test_no_statement_is_put_together_from_what_people_send():
    built = {
        path
        for path, tree in trees()
        for name, node in calls(tree)
        if name in ("text", "exec_driver_sql", "execute", "literal_column")
        and node.args
        and is_put_together(node.args[0])
    }

    assert built == set(SQL_WITH_NAMES)


def test_no_pattern_is_put_together_from_what_people_send():
    found = {
        path
        for path, tree in trees()
        for name, node in calls(tree)
        if isinstance(node.func, ast.Attribute)
        and getattr(node.func.value, "id", "") == "re"
        and name in ("compile", "search", "match", "fullmatch", "sub", "findall", "split", "finditer")
        and is_put_together(node.args[0])
    }

    assert found == set(PATTERNS_WITH_NAMES)


def test_only_these_files_say_that_text_is_safe_markup():
    users = {path for path, tree in trees() for name, _node in calls(tree) if name == "Markup"}
    filters = [page.name for page in TEMPLATES if re.search(r"\|\s*safe\b|autoescape false", page.read_text())]

    assert users == set(MARKED_SAFE)
    assert filters == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_scripts_write_text_keep_nothing_and_listen_to_no_other_window(script):
    dangerous = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|localStorage|sessionStorage"
        r"|indexedDB|postMessage|addEventListener\(\s*[\"']message|document\.cookie|__proto__|WebSocket|RTCPeer"
    )

    assert dangerous.search(script.read_text(encoding="utf-8")) is None


def test_every_changing_form_carries_the_sessions_token_but_these(app):
    exempt = {name for name in csrf._exempt_views if not name.startswith(WITHOUT_SESSIONS)}

    assert app.config.get("WTF_CSRF_ENABLED", True)
    assert exempt == WITHOUT_SESSION_TOKEN
    assert csrf._exempt_blueprints == set()


def everything_kept(app) -> dict[str, list[str]]:
    """Every row of every table but those that only note what was asked."""
    with app.app_context():
        kept = {
            table.name: sorted(map(repr, db.session.execute(text(f'select * from "{table.name}"'))))
            for table in db.metadata.sorted_tables
            if not table.name.startswith(NOTED_WHILE_LOOKING)
        }
        db.session.rollback()
    return kept


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_at_any_page_changes_nothing(app, make_customer, make_operator, browse_as, method):
    windows = [browse_as(make_customer(staff=1).admin), browse_as(make_operator())]
    before = everything_kept(app)

    for window in windows:
        for address in addresses(app, "GET"):
            getattr(window.client, method)(address).close()

    assert everything_kept(app) == before


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_page_of_who_is_signed_in_offers_to_sign_out(app, make_customer, browse_as):
    window = browse_as(make_customer(staff=1).admin)
    pages = {address: window.get(address) for address in addresses(app, "GET") if not address.startswith("/dev/")}

    shown = {at: page.get_data(as_text=True) for at, page in pages.items() if page.mimetype == "text/html"}

    assert len(shown) > 20
    assert [at for at, page in shown.items() if 'id="main"' in page and 'action="/sign-out"' not in page] == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_signing_out_tells_the_browser_to_forget(make_customer, browse_as):
    window = browse_as(make_customer().admin)

    reply = window.submit("/sign-out", page="/overview")

    assert {'"cache"', '"storage"'} <= set(reply.headers["Clear-Site-Data"].split(", "))
    assert window.get("/overview").status_code == 303


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("path", "kind"), [("/sign-in", "current-password"), ("/sign-up", "new-password")])
def test_a_password_is_masked_and_may_come_from_a_manager(browse, path, kind):
    page = browse.get(path).get_data(as_text=True)

    (field,) = re.findall(r'<input[^>]*name="password"[^>]*>', page)
    assert 'type="password"' in field
    assert f'autocomplete="{kind}"' in field
    assert not re.search(r"onpaste|readonly|maxlength", field)
