"""Getting in: passkeys, a second step, linked accounts, what is half done, delays after wrong tries."""

import sqlalchemy as sa
from alembic import op

from portal.core.migrating import add_filled, allow, one_of

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

OLD_WAYS = ("password", "recovery")
WAYS = (*OLD_WAYS, "passkey", "google", "facebook")
OLD_PURPOSES = ("new-email", "reset-password", "undo-closing", "not-me")


def upgrade() -> None:
    op.create_table(
        "newcomer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("browser_hash", sa.String(), nullable=False),
        sa.Column(
            "provider",
            sa.Enum("google", "facebook", name="provider", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("email_is_proven", sa.Boolean(), nullable=False),
        sa.Column("full_name", sa.String(), nullable=False),
        sa.Column("came_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_newcomer")),
    )
    with op.batch_alter_table("newcomer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_newcomer_browser_hash"), ["browser_hash"], unique=False)
        batch_op.create_index(batch_op.f("ix_newcomer_came_at"), ["came_at"], unique=False)

    op.create_table(
        "provider_event",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_provider_event")),
    )
    with op.batch_alter_table("provider_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_provider_event_received_at"), ["received_at"], unique=False)

    op.create_table(
        "provider_deletion",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending", "purged", name="providerdeletionstate", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("purged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_by", sa.String(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("dead_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.String(), nullable=True),
        sa.CheckConstraint(
            "(state = 'purged') = (purged_at is not null)", name=op.f("ck_provider_deletion_purged_at_of_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_deletion")),
        sa.UniqueConstraint("code", name=op.f("uq_provider_deletion_code")),
    )
    with op.batch_alter_table("provider_deletion", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_provider_deletion_asked_at"), ["asked_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_provider_deletion_due_at"), ["due_at"], unique=False)

    op.create_table(
        "throttle_delay",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wait_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_throttle_delay")),
    )
    with op.batch_alter_table("throttle_delay", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_throttle_delay_tried_at"), ["tried_at"], unique=False)

    op.create_table(
        "handshake",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("browser_hash", sa.String(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "provider",
                "second-step",
                "passkey",
                "two-step-setup",
                "proof-code",
                name="handshakekind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("key_hash", sa.String(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_handshake_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handshake")),
        sa.UniqueConstraint("browser_hash", "kind", "key_hash", name=op.f("uq_handshake_browser_hash_kind_key_hash")),
    )
    with op.batch_alter_table("handshake", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_handshake_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_handshake_user_id_id"), ["user_id", "id"], unique=False)

    op.create_table(
        "linked_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "provider",
            sa.Enum("google", "facebook", name="provider", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("email_is_proven", sa.Boolean(), nullable=False),
        sa.Column("full_name", sa.String(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_linked_account_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_linked_account")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_linked_account_issuer_subject")),
        sa.UniqueConstraint("user_id", "provider", name=op.f("uq_linked_account_user_id_provider")),
    )
    with op.batch_alter_table("linked_account", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_linked_account_user_id_id"), ["user_id", "id"], unique=False)

    op.create_table(
        "passkey",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("transports", sa.JSON(), nullable=False),
        sa.Column("is_synced", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_passkey_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_id")),
    )
    with op.batch_alter_table("passkey", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_passkey_user_id_id"), ["user_id", "id"], unique=False)

    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_recovery_code_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
        sa.UniqueConstraint("user_id", "number", name=op.f("uq_recovery_code_user_id_number")),
    )
    with op.batch_alter_table("recovery_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recovery_code_user_id_id"), ["user_id", "id"], unique=False)

    op.create_table(
        "second_step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("sealed_secret", sa.String(), nullable=False),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_second_step_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_step")),
        sa.UniqueConstraint("user_id", name=op.f("uq_second_step_user_id")),
    )
    with op.batch_alter_table("second_step", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_second_step_user_id_id"), ["user_id", "id"], unique=False)

    add_filled("mailed_link", sa.Column("mailed_to", sa.String(), nullable=False, server_default=""))
    add_filled("mailed_link", sa.Column("about", sa.String(), nullable=False, server_default=""))
    add_filled("mailed_link", sa.Column("browser", sa.String(), nullable=False, server_default=""))
    add_filled("registration", sa.Column("browser_hash", sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("registration", schema=None) as batch_op:
        batch_op.add_column(sa.Column("newcomer_id", sa.Uuid(), nullable=True))
        batch_op.alter_column("password_hash", existing_type=sa.String(), nullable=True)
    add_filled("sign_in", sa.Column("way", one_of("way", *WAYS), nullable=False, server_default="password"))
    add_filled("sign_in", sa.Column("is_strong", sa.Boolean(), nullable=False, server_default=sa.false()))
    allow("visit", "way", one_of("way", *OLD_WAYS), one_of("way", *WAYS))
    allow(
        "mailed_link",
        "purpose",
        one_of("linkpurpose", *OLD_PURPOSES),
        one_of("linkpurpose", *OLD_PURPOSES, "link-account"),
    )


def downgrade() -> None:
    """The wider sets of values stay: rows may hold them, and the code before knew fewer."""
    with op.batch_alter_table("sign_in", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_sign_in_way"), type_="check")
    for table, columns in {
        "sign_in": ("is_strong", "way"),
        "registration": ("newcomer_id", "browser_hash"),
        "mailed_link": ("browser", "about", "mailed_to"),
    }.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            for column in columns:
                batch_op.drop_column(column)
    for table in (
        "second_step",
        "recovery_code",
        "passkey",
        "linked_account",
        "handshake",
        "throttle_delay",
        "provider_deletion",
        "provider_event",
        "newcomer",
    ):
        op.drop_table(table)
