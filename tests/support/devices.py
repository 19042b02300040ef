"""Browsers in the places where people use them."""

from flask import Flask

from tests.support.browse import Browse

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0"
NEWER_FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:142.0) Gecko/20100101 Firefox/142.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)
HOME, HOME_TOO, CAFE = "203.0.113.7", "203.0.113.99", "198.51.100.20"
HOME_V6, HOME_V6_TOO, CAFE_V6 = "2001:db8:aa:1::7", "2001:db8:aa:2::8", "2001:db8:bb:1::7"


def browser_at(app: Flask, ip: str = HOME, agent: str = FIREFOX, *, language: str = "en") -> Browse:
    """A browser of its own at this address."""
    browser = Browse(app, language=language)
    browser.client.environ_base |= {"REMOTE_ADDR": ip, "HTTP_USER_AGENT": agent}
    return browser
