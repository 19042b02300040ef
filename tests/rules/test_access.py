"""Closed by default: whatever is open to anyone is open because this list says so, by name."""

from flask import Flask

from portal.app import create_app
from portal.core.features import Feature

PUBLIC = {
    "cookies.cookies",
    "dev.authenticator",
    "dev.components",
    "dev.index",
    "dev.letter",
    "dev.letter_html",
    "dev.mailbox",
    "dev_facebook.access_token",
    "dev_facebook.debug_token",
    "dev_facebook.dialog",
    "dev_facebook.me",
    "dev_google.authorize",
    "dev_google.discovery",
    "dev_google.jwks",
    "dev_google.token",
    "erasure.data_deletion",
    "erasure.receipt",
    "erasure.receipt_json",
    "erasure.receipt_keys",
    "erasure.undo_by_link",
    "health.healthz",
    "health.readyz",
    "joining.continue_sign_up",
    "joining.send_link_letter",
    "joining.sign_up",
    "joining.sign_up_sent",
    "joining.verify_email",
    "not_me.not_me",
    "linking.link_account",
    "pages.home",
    "pages.set_locale",
    "passkeys.sign_in",
    "passkeys.sign_in_options",
    "policies.privacy_policy",
    "policies.privacy_policy_compare",
    "policies.privacy_policy_version",
    "policies.privacy_policy_versions",
    "policies.terms",
    "policies.terms_compare",
    "policies.terms_version",
    "policies.terms_versions",
    "profile.confirm_email",
    "provider_callbacks.deauthorize",
    "provider_callbacks.google_events",
    "provider_deletion.facebook_data_deletion",
    "providers.facebook",
    "providers.facebook_callback",
    "providers.google",
    "providers.google_callback",
    "second_step.ask",
    "signin.forgot_password",
    "signin.forgot_password_sent",
    "signin.reset_password",
    "signin.sign_in",
    "static",
    "support.contact",
    "support.contact_sent",
    "well_known.change_password",
    "well_known.gpc",
    "well_known.passkey_endpoints",
    "well_known.security_txt",
    "unsubscribe.unsubscribe",
}
OPEN_WHILE_CLOSING = {
    "consents.decide",
    "consents.withdraw_marketing",
    "cookies.cookies",
    "erasure.close_account",
    "erasure.sooner",
    "erasure.undo",
    "erasure.undo_by_link",
    "exports.cancel",
    "exports.delete",
    "exports.index",
    "not_me.not_me",
    "pages.set_locale",
    "passkeys.prove",
    "passkeys.prove_options",
    "proof.confirm_identity",
    "proof.send_code",
    "returned.mail_returned",
    "signin.end_other_sessions",
    "signin.end_session",
    "signin.sign_out",
}


def endpoints(app: Flask) -> dict[str, object]:
    return {name: getattr(view, "access", None) for name, view in app.view_functions.items()}


def test_only_these_pages_are_public(tmp_path):
    app = create_app({"PORTAL_INSTANCE_PATH": str(tmp_path)})

    public = {name for name, access in endpoints(app).items() if access == "public"} | {"static"}

    assert public == PUBLIC


def test_every_other_page_says_who_may(tmp_path):
    app = create_app({"PORTAL_INSTANCE_PATH": str(tmp_path)})

    silent = [name for name, access in endpoints(app).items() if access is None and name != "static"]

    assert silent == []


def test_the_console_needs_a_feature_for_everything_but_its_front_door(tmp_path):
    app = create_app({"PORTAL_INSTANCE_PATH": str(tmp_path)})

    console = {rule.endpoint for rule in app.url_map.iter_rules() if rule.rule.startswith("/staff/")}

    assert console
    assert all(isinstance(endpoints(app)[name], Feature) for name in console)


def test_only_these_changes_are_possible_while_an_account_closes(tmp_path):
    app = create_app({"PORTAL_INSTANCE_PATH": str(tmp_path)})

    changing = {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    still_open = {name for name in changing if getattr(app.view_functions[name], "while_closing", False)}

    assert still_open == OPEN_WHILE_CLOSING


def test_development_pages_do_not_exist_in_production(tmp_path, production):
    app = create_app({"PORTAL_INSTANCE_PATH": str(tmp_path), **production})

    assert not [rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/dev")]
