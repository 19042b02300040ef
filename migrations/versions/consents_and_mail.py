"""Consents with their words, letters written by people, bounces, suppression, pace, reading, measuring."""

import sqlalchemy as sa
from alembic import op

from portal.core.migrating import add_filled, allow, one_of

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

PURPOSES = (
    "promotions",
    "events",
    "new-services",
    "surveys",
    "accommodation",
    "measurement",
    "personalisation",
    "location",
)
WRITTEN = ("written_subject", "written_body", "link", "link_label")
WAYS = ("switch", "cookies", "unsubscribe", "one-click", "complaint")
LETTER_STATES = ("queued", "sent", "failed", "cancelled")


def upgrade() -> None:
    op.create_table(
        "consent_words",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("purpose", one_of("consentpurpose", *PURPOSES), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("data", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("frequency", sa.String(), nullable=False),
        sa.Column("without", sa.String(), nullable=False),
        sa.Column("sensitive", sa.String(), nullable=False),
        sa.Column("controller", sa.String(), nullable=False),
        sa.Column("rights", sa.String(), nullable=False),
        sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_consent_words")),
    )
    op.create_table(
        "page_count",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("page", sa.String(), nullable=False),
        sa.Column("opened", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "page", name=op.f("pk_page_count")),
    )
    op.create_table(
        "suppression",
        sa.Column("address_hash", sa.String(), nullable=False),
        sa.Column("reason", one_of("suppressionreason", "hard-bounce", "soft-bounces"), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("address_hash", name=op.f("pk_suppression")),
    )
    op.create_table(
        "consent_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", one_of("consentpurpose", *PURPOSES), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("way", one_of("consentway", *WAYS), nullable=False),
        sa.Column("page", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("words_sha256", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_consent_entry_user_id")),
        sa.ForeignKeyConstraint(["words_sha256"], ["consent_words.sha256"], name=op.f("fk_consent_entry_words_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_entry")),
    )
    with op.batch_alter_table("consent_entry", schema=None) as batch_op:
        batch_op.create_index("ix_consent_entry_newest", ["user_id", "purpose", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_consent_entry_user_id_id"), ["user_id", "id"], unique=False)

    op.create_table(
        "notice_pace",
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("minute", sa.BigInteger(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_notice_pace_notice_id")),
        sa.PrimaryKeyConstraint("notice_id", "domain", "minute", name=op.f("pk_notice_pace")),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.add_column(sa.Column("bounce", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("bounced_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("read_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("concerns", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("soft_bounces", sa.Integer(), server_default="0", nullable=False))
        batch_op.create_index(
            "ix_delivery_interrupted",
            ["notice_id"],
            unique=False,
            sqlite_where=sa.text("interrupted > 0"),
            postgresql_where=sa.text("interrupted > 0"),
        )
        batch_op.drop_index("ix_delivery_waiting")
        batch_op.drop_index("ix_delivery_lane")
        batch_op.create_index(
            "ix_delivery_not_sent",
            ["notice_id", "state", "retry_at", "id"],
            unique=False,
            sqlite_where=sa.text("state <> 'sent'"),
            postgresql_where=sa.text("state <> 'sent'"),
        )

    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.add_column(sa.Column("purpose", one_of("consentpurpose", *PURPOSES), nullable=True))
        batch_op.add_column(sa.Column("only_product", one_of("product", "pms", "bespoke", "booking"), nullable=True))
        batch_op.add_column(sa.Column("only_package", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("only_locale", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("rate_per_minute", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("domain_rate_per_minute", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("canary_ends_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("edited_by_id", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_notice_edited_by_id"), "user", ["edited_by_id"], ["id"])
        batch_op.create_index(batch_op.f("ix_notice_edited_by_id"), ["edited_by_id"], unique=False)

    add_filled("notice", sa.Column("paused_by_itself", sa.Boolean(), nullable=False, server_default=sa.false()))
    add_filled("notice", sa.Column("forgiven", sa.Integer(), nullable=False, server_default="0"))
    add_filled("notice_text", sa.Column("lines", sa.JSON(), nullable=False, server_default="[]"))
    for name in WRITTEN:
        add_filled("notice_text", sa.Column(name, sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.add_column(sa.Column("mail_returned_at", sa.DateTime(timezone=True), nullable=True))
    allow("notice", "kind", one_of("noticekind", "policy"), one_of("noticekind", "policy", "service", "campaign"))
    allow("letter", "state", one_of("letterstate", *LETTER_STATES), one_of("letterstate", *LETTER_STATES, "bounced"))


def downgrade() -> None:
    """The wider sets of values stay: rows may hold them, and the code before knew fewer."""
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.drop_column("mail_returned_at")

    with op.batch_alter_table("notice_text", schema=None) as batch_op:
        batch_op.drop_column("link_label")
        batch_op.drop_column("link")
        batch_op.drop_column("written_body")
        batch_op.drop_column("written_subject")
        batch_op.drop_column("lines")

    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_notice_product"), type_="check")
        batch_op.drop_constraint(op.f("ck_notice_consentpurpose"), type_="check")
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notice_edited_by_id"))
        batch_op.drop_constraint(batch_op.f("fk_notice_edited_by_id"), type_="foreignkey")
        batch_op.drop_column("edited_by_id")
        batch_op.drop_column("forgiven")
        batch_op.drop_column("paused_by_itself")
        batch_op.drop_column("canary_ends_at")
        batch_op.drop_column("domain_rate_per_minute")
        batch_op.drop_column("rate_per_minute")
        batch_op.drop_column("only_locale")
        batch_op.drop_column("only_package")
        batch_op.drop_column("only_product")
        batch_op.drop_column("purpose")

    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_delivery_not_sent",
            sqlite_where=sa.text("state <> 'sent'"),
            postgresql_where=sa.text("state <> 'sent'"),
        )
        batch_op.create_index("ix_delivery_lane", ["lane_id", "state"], unique=False)
        batch_op.create_index("ix_delivery_waiting", ["notice_id", "state", "id"], unique=False)
        batch_op.drop_index(
            "ix_delivery_interrupted",
            sqlite_where=sa.text("interrupted > 0"),
            postgresql_where=sa.text("interrupted > 0"),
        )
        batch_op.drop_column("soft_bounces")
        batch_op.drop_column("concerns")
        batch_op.drop_column("read_at")
        batch_op.drop_column("bounced_at")
        batch_op.drop_column("bounce")

    op.drop_table("notice_pace")
    with op.batch_alter_table("consent_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_consent_entry_user_id_id"))
        batch_op.drop_index("ix_consent_entry_newest")

    op.drop_table("consent_entry")
    op.drop_table("suppression")
    op.drop_table("page_count")
    op.drop_table("consent_words")
