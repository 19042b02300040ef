"""`flask audit verify` tells whether anybody touched the chain."""

import json

from sqlalchemy import text

from portal.core.database import db


def test_an_untouched_chain_holds(app, make_customer, browse_as):
    browse_as(make_customer().admin)

    result = app.test_cli_runner().invoke(args=["audit", "verify", "--json"])

    assert result.exit_code == 0
    assert json.loads(result.output) == {"entries": 1, "first_break": None}


def test_a_changed_entry_is_named(app, make_customer, browse_as):
    alice = make_customer().admin
    browse_as(alice)
    browse_as(alice)
    with app.app_context():
        db.session.execute(text("update audit_entry set act = 'nothing.happened' where seq = 2"))
        db.session.commit()

    result = app.test_cli_runner().invoke(args=["audit", "verify"])

    assert result.exit_code == 1
    assert "Entry 2 does not fit." in result.output
