"""The app's own ledger, in the place that LEDGER_URL names, signed under RECEIPT_KEY."""

from typing import cast

from flask import Flask, current_app

from portal.config import Settings
from portal.erasure.ledger import Ledger
from portal.erasure.signer import Signer


def connect(app: Flask) -> None:
    """Give the app its ledger; after `storage.opened`, whose place it lies in."""
    settings: Settings = app.extensions["settings"]
    app.extensions["signer"] = Signer.from_text(settings.receipt_key)
    app.extensions["ledger"] = Ledger(app.extensions["ledger_place"], app.extensions["signer"])


def ledger() -> Ledger:
    """What was erased, when and on whose word."""
    return cast(Ledger, current_app.extensions["ledger"])


def signer() -> Signer:
    """Who vouches for the ledger and the receipts."""
    return cast(Signer, current_app.extensions["signer"])
