"""The data map on a small world: who owns what follows from the keys, and no statement forgets a table."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from flask_babel import lazy_gettext as _l
from sqlalchemy import Column, MetaData, Table, create_engine, func, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, configure_mappers
from sqlalchemy.pool import StaticPool

from portal.core.categories import Category
from portal.core.database import UTCDateTime, db
from portal.core.datamap import DataMap, Keep, for_days, held, mention, outsiders, owner, shared, table, technical

NOW = datetime(2026, 11, 23, tzinfo=UTC)


class Small(DeclarativeBase):
    type_annotation_map = {datetime: UTCDateTime()}


class Customer(Small):
    __tablename__ = "customer"
    __table_args__ = (table(_l("Customer")),)
    id: Mapped[UUID] = technical(primary_key=True)
    name: Mapped[str] = held(label=_l("Name"), category=Category.PROFILE, default="")


class User(Small):
    __tablename__ = "user"
    __table_args__ = (table(_l("You")),)
    id: Mapped[UUID] = technical(primary_key=True)
    customer_id: Mapped[UUID] = owner("customer.id")
    inviter_id: Mapped[UUID | None] = mention("user.id")
    email: Mapped[str] = held(label=_l("E-mail"), category=Category.PROFILE, default="")
    seen: Mapped[str] = held(label=_l("Seen"), category=Category.VISITS, keep=for_days(9, since="x"), default="")


class Post(Small):
    __tablename__ = "post"
    __table_args__ = (table(_l("Post")),)
    id: Mapped[UUID] = technical(primary_key=True)
    customer_id: Mapped[UUID] = owner("customer.id")
    author_id: Mapped[UUID | None] = mention("user.id")


class Visit(Small):
    __tablename__ = "visit"
    __table_args__ = (table(_l("Visit"), keep=for_days(90, since="at")),)
    id: Mapped[UUID] = technical(primary_key=True)
    user_id: Mapped[UUID] = owner("user.id")
    at: Mapped[datetime] = technical()


class Click(Small):
    """Two steps below a user."""

    __tablename__ = "click"
    __table_args__ = (table(_l("Click")),)
    id: Mapped[UUID] = technical(primary_key=True)
    visit_id: Mapped[UUID] = owner("visit.id")


class Message(Small):
    __tablename__ = "message"
    __table_args__ = (outsiders(_l("Message"), keep=for_days(30, since="at")),)
    id: Mapped[UUID] = technical(primary_key=True)
    at: Mapped[datetime] = technical()
    body: Mapped[str] = held(label=_l("Body"), category=Category.REQUESTS, default="")


class Rule(Small):
    __tablename__ = "rule"
    __table_args__ = (shared("nobody's"),)
    id: Mapped[UUID] = technical(primary_key=True)


configure_mappers()
MAP = DataMap(Small.metadata)
TABLES = Small.metadata.tables


@pytest.fixture
def connection():
    engine = create_engine("sqlite://", poolclass=StaticPool)
    Small.metadata.create_all(engine)
    with engine.connect() as opened:
        yield opened
    engine.dispose()


@pytest.fixture
def world(connection):
    """Two customers; the first has Alice, whom Bob of the same customer invited and who has visits."""
    ids = {name: uuid4() for name in ("acme", "other", "alice", "bob", "carol")}

    def put(model, **values):
        connection.execute(insert(model).values(id=values.pop("id", uuid4()), **values))
        return connection

    for name in ("acme", "other"):
        put(Customer, id=ids[name])
    put(User, id=ids["bob"], customer_id=ids["acme"])
    put(User, id=ids["alice"], customer_id=ids["acme"], inviter_id=ids["bob"])
    put(User, id=ids["carol"], customer_id=ids["other"], inviter_id=ids["bob"])
    for name in ("alice", "alice", "bob", "carol"):
        visit = uuid4()
        put(Visit, id=visit, user_id=ids[name], at=NOW)
        put(Click, visit_id=visit)
    put(Post, customer_id=ids["acme"], author_id=ids["bob"])
    put(Post, customer_id=ids["other"], author_id=ids["bob"])
    put(Message, at=NOW - timedelta(days=31))
    put(Message, at=NOW - timedelta(days=29))
    put(Rule)
    return ids


def counts(connection):
    return {name: connection.scalar(select(func.count()).select_from(t)) for name, t in TABLES.items()}


def names(tables):
    return [t.name for t in tables]


def test_whose_a_row_is_follows_from_its_keys():
    assert set(names(MAP.tables("user"))) == {"user", "visit", "click"}
    assert set(names(MAP.tables("customer"))) == {"customer", "user", "post", "visit", "click"}
    nearest = {name: MAP.nearest(t) for name, t in TABLES.items()}
    assert nearest == {
        "customer": "customer",
        "post": "customer",
        "user": "user",
        "visit": "user",
        "click": "user",
        "message": "outsiders",
        "rule": "outsiders",
    }


def test_parents_come_before_children():
    order = names(MAP.tables("customer"))

    assert order.index("customer") < order.index("user") < order.index("visit") < order.index("click")


def test_each_item_says_its_category_and_until_when_it_is_kept():
    profile = MAP.held_columns(TABLES["user"], Category.PROFILE)
    (seen,) = MAP.held_columns(TABLES["user"], Category.VISITS)

    assert [column.name for column, _said in profile] == ["email"]
    assert names(MAP.tables_of(Category.PROFILE)) == ["customer", "user"]
    assert MAP.keep(TABLES["user"], seen[1]).days == 9
    assert MAP.keep(TABLES["user"], profile[0][1]).days is None


def test_a_page_of_somebodys_rows_holds_nobody_elses(connection, world):
    rows = connection.execute(MAP.page(TABLES["click"], "user", world["alice"])).all()
    first = connection.execute(MAP.page(TABLES["click"], "user", world["alice"], size=1)).all()
    rest = connection.execute(MAP.page(TABLES["click"], "user", world["alice"], after=first[0].id)).all()
    latest = connection.execute(MAP.latest(TABLES["click"], "user", world["alice"], size=1)).all()

    assert len(rows) == 2
    assert [*first, *rest] == rows
    assert latest == rows[-1:]
    assert connection.execute(MAP.page(TABLES["click"], "user", uuid4())).all() == []


def test_erasing_a_user_takes_all_of_theirs_and_empties_mentions(connection, world):
    for statement in [
        *MAP.forgetting("user", [world["bob"]], "sqlite"),
        *MAP.erasing("user", [world["bob"]], "sqlite"),
    ]:
        connection.execute(statement)

    assert counts(connection) == {
        "customer": 2,
        "user": 2,
        "post": 2,
        "visit": 3,
        "click": 3,
        "message": 2,
        "rule": 1,
    }
    assert set(connection.scalars(select(User.inviter_id))) == {None}
    assert set(connection.scalars(select(Post.author_id))) == {None}


def test_erasing_a_customer_takes_everybody_in_it_and_nobody_else(connection, world):
    for statement in [
        *MAP.forgetting("customer", [world["acme"]], "sqlite"),
        *MAP.erasing("customer", [world["acme"]], "sqlite"),
    ]:
        connection.execute(statement)

    assert counts(connection) == {
        "customer": 1,
        "user": 1,
        "post": 1,
        "visit": 1,
        "click": 1,
        "message": 2,
        "rule": 1,
    }
    assert connection.execute(select(User.id, User.inviter_id)).all() == [(world["carol"], None)]


def test_the_rehearsal_counts_what_the_erasure_takes(connection, world):
    ids = [world["alice"], world["carol"]]
    foreseen = {t.name: connection.scalar(MAP.count(t, "user", ids, "sqlite")) for t in MAP.tables("user")}

    taken = {s.table.name: connection.execute(s).rowcount for s in MAP.erasing("user", ids, "sqlite")}

    assert foreseen == taken == {"user": 2, "visit": 3, "click": 3}


def test_the_number_of_statements_depends_on_no_number_of_people():
    one = [str(s) for s in MAP.erasing("user", [uuid4()], "postgresql")]
    many = [str(s) for s in MAP.erasing("user", [uuid4() for _ in range(5000)], "postgresql")]

    assert one == many
    assert len(one) == 3


def test_what_is_over_its_age_goes_and_the_rest_stays(connection, world):
    for statement in MAP.outdated(NOW):
        connection.execute(statement)
    assert counts(connection)["message"] == 1
    assert counts(connection)["visit"] == 4

    connection.execute(Click.__table__.delete())
    for statement in MAP.outdated(NOW + timedelta(days=91)):
        connection.execute(statement)
    assert (counts(connection)["message"], counts(connection)["visit"]) == (0, 0)


def test_a_table_of_outsiders_without_an_age_is_refused():
    with pytest.raises(ValueError, match="must end by age"):
        outsiders(_l("Message"), keep=Keep(_l("2 days")))


def test_a_table_with_two_owners_is_refused():
    world = MetaData()
    Table("customer", world, Column("id", primary_key=True, type_=UTCDateTime()))
    keys = [owner("customer.id").column, owner("customer.id").column]
    for name, key in zip(("a_id", "b_id"), keys, strict=True):
        key.name = key.key = name
    Table("double", world, *keys)

    with pytest.raises(ValueError, match="two owners"):
        DataMap(world).tables("customer")


def test_the_portals_own_map_holds_for_every_table(app):
    own: DataMap = app.extensions["datamap"]

    for one in db.metadata.sorted_tables:
        assert one.name in own.paths or one.name == "customer" or {"shared", "outsiders"} & set(one.info), one.name
        if own.held_columns(one):
            assert "shared" not in one.info, one.name
        assert all("held" in column.info or "shared" in one.info for column in one.columns), one.name


@pytest.mark.parametrize("root", ["user", "customer"])
def test_every_statement_of_the_portals_own_map_runs_on_its_database(app, make_customer, root):
    made, stays = make_customer(staff=1), make_customer()
    person = made.admin.id if root == "user" else made.id
    own: DataMap = app.extensions["datamap"]
    with app.app_context():
        dialect = db.engine.dialect.name
        for one in own.tables(root):
            db.session.scalar(own.count(one, root, [person], dialect))
            db.session.execute(own.page(one, root, person)).all()
            db.session.execute(own.latest(one, root, person)).all()
        for statement in [*own.forgetting(root, [person], dialect), *own.erasing(root, [person], dialect)]:
            db.session.execute(statement)
        db.session.commit()

        left = db.session.scalars(select(db.metadata.tables["user"].c.id)).all()
    assert set(left) == ({made.staff[0].id, stays.admin.id} if root == "user" else {stays.admin.id})
