"""What a person does in the portal, in the order of the fingers: used by the walks."""

from collections.abc import Mapping

from playwright.sync_api import Page, expect
from pyotp import TOTP

from portal.accounts.service import user_by_email
from portal.app import create_app
from tests.support.browse import link_in
from tests.support.portal import Portal
from tests.support.sendings import Sendings

MAIN_BUTTON = "main form.form button[type=submit]"


def fill(page: Page, fields: Mapping[str, str]) -> None:
    """Fill fields by their public names (docs/contract.md)."""
    for name, value in fields.items():
        page.fill(f"main [name={name}]", value)


def send(page: Page, button: str = MAIN_BUTTON) -> None:
    """Press the page's own button and wait for what it leads to."""
    with page.expect_navigation():
        page.click(button)


def sign_up(page: Page, portal: Portal, fields: Mapping[str, str], *, kind: str) -> None:
    """Sign up, read the letter, press the button in it."""
    page.goto(portal.address + "/sign-up")
    page.check(f"[name=kind][value={kind}]")
    fill(page, fields)
    page.check("[name=age_confirmed]")
    page.check("[name=accept_policy]")
    send(page)
    letter = portal.wait_for_letter(fields["email"], "joining/verify")
    page.goto(portal.address + link_in(letter.text, "/verify-email/"))
    send(page)


def sign_in(page: Page, portal: Portal, email: str, password: str) -> None:
    """Sign in and arrive at the overview."""
    page.goto(portal.address + "/sign-in")
    fill(page, {"email": email, "password": password})
    send(page)
    expect(page).to_have_url(portal.address + "/overview")


def set_up_two_step(page: Page, portal: Portal) -> tuple[str, list[str]]:
    """Switch the second step on with what the page shows: the secret, and the ten codes on paper."""
    page.goto(portal.address + "/security/two-step")
    secret = page.locator("#secret").get_attribute("data-secret") or ""
    fill(page, {"code": TOTP(secret).now()})
    send(page)
    return secret, page.locator("#recovery-codes code").all_inner_texts()


def sign_in_by_paper(page: Page, portal: Portal, email: str, password: str, paper: list[str]) -> None:
    """Sign in with the password and the next recovery code on the paper, and arrive at the overview."""
    page.goto(portal.address + "/sign-in")
    fill(page, {"email": email, "password": password})
    send(page)
    page.goto(portal.address + "/sign-in/second-step?by=recovery-code")
    fill(page, {"code": paper.pop()})
    send(page)
    expect(page).to_have_url(portal.address + "/overview")


def state(page: Page) -> str:
    """The machine-readable state of the page."""
    return page.locator("#state").get_attribute("data-state") or ""


def wait_for_state(page: Page, wanted: str) -> None:
    """Until the page shows the state `wanted`; the page's own script keeps it up to date."""
    expect(page.locator("#state")).to_have_attribute("data-state", wanted, timeout=45_000)


def write_to_everyone(portal: Portal, *, by: str) -> str:
    """A service notice, submitted by the person of Smartos with the address `by`; its id, once that person got it."""
    app = create_app({"PORTAL_INSTANCE_PATH": str(portal.instance)})
    with app.app_context():
        author = user_by_email(by)
    assert author is not None
    notice_id = Sendings(app).service(author)
    portal.wait_for_letter(by, "notices/service")
    return str(notice_id)
