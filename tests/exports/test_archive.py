"""What lies in an archive: everything of one's own, nothing of anybody else, and each thing explained."""

import csv
import hashlib
import io
import json
from typing import Any

from sqlalchemy import select, update

from portal.accounts.models import Customer, Kind, User
from portal.core import clock
from portal.core.categories import Category
from portal.core.database import db
from portal.exports.archive import OwnFile
from portal.exports.contents import offered
from portal.exports.schema import _type
from portal.signin.models import SignIn, Visit, Way
from tests.support.jsonschema import mistakes


def data_of(archive, category: str) -> dict[str, Any]:
    return json.loads(archive.read(f"data/{category}.json"))["tables"]


def sheet_of(archive, category: str) -> list[dict[str, str]]:
    text = archive.read(f"csv/{category}.csv").decode("utf-8")
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:], newline="")))


def test_the_archive_holds_every_kind_of_file_that_was_promised(make_customer, take, app):
    archive = take(make_customer().admin)

    with app.app_context():
        held = [category.value for category in offered(app.extensions["datamap"])]
    assert {"profile", "account", "contract", "visits", "devices", "notices", "exports"} <= set(held)
    expected = {"index.html", "manifest.json", "portability/profile.vcf", "portability/person.jsonld"}
    for category in held:
        expected |= {f"data/{category}.json", f"schema/{category}.schema.json", f"csv/{category}.csv"}
    assert set(archive.namelist()) == expected
    assert len(archive.namelist()) == len(expected)
    assert not any(name.startswith("/") or ".." in name for name in archive.namelist())


def test_the_json_is_lossless(make_customer, take, app):
    name = "Trần “Bảo” \\ Ngọc 🐈 O'Hara <b>&"
    alice = make_customer(full_name=name, contact_address="12 Trần Phú\nĐà Nẵng").admin

    archive = take(alice)

    with app.app_context():
        visit = db.session.scalars(select(Visit).where(Visit.user_id == alice.id)).one()
    mine = data_of(archive, "profile")["user"]
    assert [row["full_name"] for row in mine] == [name]
    assert mine[0]["contact_address"] == "12 Trần Phú\nĐà Nẵng"
    assert data_of(archive, "visits")["visit"] == [
        {
            "id": str(visit.id),
            "at": visit.at.isoformat(),
            "way": "password",
            "ip": visit.ip,
            "browser": visit.browser,
            "system": visit.system,
        }
    ]
    assert "Trần".encode() in archive.read("data/profile.json")


def test_every_data_file_is_what_its_schema_says(make_customer, take):
    archive = take(make_customer(Kind.ORGANISATION, phone="+84905123456").admin)

    for name in archive.namelist():
        if name.startswith("data/"):
            schema = archive.read(name.replace("data/", "schema/").replace(".json", ".schema.json"))
            assert mistakes(json.loads(archive.read(name)), json.loads(schema)) == []


def test_the_sheet_has_as_many_lines_as_the_json_has_entries(make_customer, take):
    archive = take(make_customer().admin)

    for name in archive.namelist():
        if name.startswith("csv/"):
            category = name.removeprefix("csv/").removesuffix(".csv")
            entries = [entry["id"] for table in data_of(archive, category).values() for entry in table]
            assert [line["id"] for line in sheet_of(archive, category)] == entries


def test_a_name_that_is_a_formula_is_harmless_in_the_sheet_and_exact_in_the_json(make_customer, take):
    name = '=HYPERLINK("http://evil.test","x")'
    archive = take(make_customer(full_name=name).admin)

    cells = [cell for line in sheet_of(archive, "profile") for cell in line.values()]
    assert f"'{name}" in cells
    assert data_of(archive, "profile")["user"][0]["full_name"] == name


def test_no_secret_leaves(make_customer, take, app):
    alice = make_customer().admin

    archive = take(alice)

    with app.app_context():
        sign_in = db.session.scalars(select(SignIn).where(SignIn.user_id == alice.id)).one()
        user = db.session.get_one(User, alice.id)
    everything = b"\n".join(archive.read(name) for name in archive.namelist())
    for secret in (user.password_hash, "$argon2", sign_in.secret_hash, "secret_hash", "leased_by"):
        assert secret.encode() not in everything


def test_nothing_of_other_people_is_in_it(make_customer, take):
    hotel = make_customer(staff=2, company_name="Khách sạn Sông Hàn")
    stranger = make_customer(full_name="Lê Văn Lạ").admin

    archive = take(hotel.staff[0])

    everything = b"\n".join(archive.read(name) for name in archive.namelist()).decode()
    for other in (hotel.admin, hotel.staff[1], stranger):
        assert other.email not in everything
        assert other.full_name not in everything
        assert str(other.id) not in everything
    assert hotel.staff[0].email in everything


def test_a_staff_user_reads_why_the_contract_is_not_theirs_to_take(make_customer, take):
    archive = take(make_customer(staff=1).staff[0])

    assert "data/contract.json" not in archive.namelist()
    out = {entry["what"]["en"]: entry["why"] for entry in manifest_of(archive)["left_out"]}
    assert "organisation" in out["Service contract"]["en"]
    assert out["Service contract"]["vi"] != out["Service contract"]["en"]


def test_an_admin_user_takes_the_contract_along(make_customer, take):
    archive = take(make_customer(staff=1).admin)

    (contract,) = data_of(archive, "contract")["customer"]
    assert contract["products"] == ["pms", "booking"]
    assert contract["contract_start"] == clock.now().date().isoformat()


def test_the_organisations_copy_names_its_members_by_name_role_and_work_address_only(make_customer, take):
    hotel = make_customer(staff=2, company_name="Khách sạn Sông Hàn")

    archive = take(hotel.admin, scope="customer")

    people = [hotel.admin, *hotel.staff]
    members = data_of(archive, "profile")["user"]
    assert sorted(members, key=lambda member: member["email"]) == [
        {"id": str(p.id), "full_name": p.full_name, "role": p.role.value, "email": p.email}
        for p in sorted(people, key=lambda person: person.email)
    ]
    assert data_of(archive, "profile")["customer"][0]["company_name"] == "Khách sạn Sông Hàn"
    assert "data/visits.json" not in archive.namelist()
    assert b"KIND:org" in archive.read("portability/profile.vcf")
    assert manifest_of(archive)["subject"] == {"customer_id": str(hotel.id)}


def test_only_the_chosen_categories_are_in_it_and_the_rest_is_said(make_customer, take):
    archive = take(make_customer().admin, categories=["visits", "devices"])

    names = {name for name in archive.namelist() if name.startswith("data/")}
    assert names == {"data/visits.json", "data/devices.json"}
    assert not any(name.startswith("portability/") for name in archive.namelist())
    out = {entry["what"]["en"]: entry["why"]["en"] for entry in manifest_of(archive)["left_out"]}
    assert out["Profile"] == "You did not choose it."


def manifest_of(archive) -> dict[str, Any]:
    return json.loads(archive.read("manifest.json"))


def test_the_manifest_vouches_for_every_file(make_customer, take):
    archive = take(make_customer().admin)

    manifest = manifest_of(archive)
    assert manifest["schema_version"] == 1
    assert {file["path"] for file in manifest["files"]} == set(archive.namelist()) - {"manifest.json"}
    for file in manifest["files"]:
        content = archive.read(file["path"])
        assert hashlib.sha256(content).hexdigest() == file["sha256"]
        assert len(content) == file["bytes"]
    for file in manifest["files"]:
        if file["path"] == "index.html":
            continue
        assert file["category"] in set(Category)
        assert file["purpose"]
        assert file["source"]
        assert all(keep["vi"] and keep["en"] for keep in file["keep_until"])


def test_the_manifest_counts_entries(make_customer, take, app):
    alice = make_customer().admin
    with app.app_context():
        db.session.add_all(
            [Visit(user_id=alice.id, way=Way.PASSWORD, ip="203.0.113.9", browser="", system="") for _ in range(5)]
        )
        db.session.commit()

    archive = take(alice)

    rows = {file["path"]: file["rows"] for file in manifest_of(archive)["files"]}
    assert rows["data/visits.json"] == rows["csv/visits.csv"] == 6
    assert rows["schema/visits.schema.json"] is None


def test_more_than_one_page_of_entries_comes_complete_and_once(make_customer, take, app):
    alice = make_customer().admin
    with app.app_context():
        seen = {"way": Way.PASSWORD, "browser": "Firefox", "system": "Linux"}
        visits = [Visit(user_id=alice.id, ip=f"2001:db8::{n:x}", **seen) for n in range(4500)]
        db.session.add_all(visits)
        db.session.commit()

    archive = take(alice, categories=["visits"])

    addresses = [visit["ip"] for visit in data_of(archive, "visits")["visit"]]
    assert {f"2001:db8::{n:x}" for n in range(4500)} <= set(addresses)
    assert len(addresses) == len(set(addresses)) == 4501
    index = archive.read("index.html").decode()
    assert "The newest 10 of 4501 entries" in index


def test_what_is_withheld_is_named_with_its_reason(make_customer, take):
    archive = take(make_customer().admin)

    out = {entry["what"]["en"]: entry["why"] for entry in manifest_of(archive)["left_out"]}
    assert out["You · Password"]["en"].startswith("Only an irreversible hash is kept")
    assert all(entry["vi"] and entry["en"] for entry in out.values())


def test_files_of_other_rooms_come_along_under_safe_names_when_asked_for(make_customer, take, app):
    names = [
        "../../x",
        "/abs",
        "a\\b",
        "CON",
        "ảnh.png",
        "Ảnh.PNG",
        "a\u0309nh.png",
        "n" * 300 + ".jpg",
        "\0",
        "",
    ]
    contents = {name: f"content of {n}".encode() for n, name in enumerate(names)}
    app.extensions["export_sources"] = (
        lambda order: (OwnFile(name, lambda name=name: iter([contents[name]])) for name in names),
    )

    archive = take(make_customer().admin, include_files="y")

    files = [name for name in archive.namelist() if name.startswith("content/")]
    assert sorted(archive.read(name) for name in files) == sorted(contents.values())
    assert len({name.casefold() for name in files}) == len(names)
    for name in files:
        assert "/" not in name.removeprefix("content/")
        assert ".." not in name
        assert len(name) < 140


def test_files_stay_out_when_not_asked_for_and_that_is_said(make_customer, take, app):
    app.extensions["export_sources"] = (lambda order: iter([OwnFile("cat.png", lambda: iter([b"cat"]))]),)

    archive = take(make_customer().admin)

    assert not [name for name in archive.namelist() if name.startswith("content/")]
    assert "You did not ask for them." in archive.read("manifest.json").decode()


def test_an_individuals_customer_row_is_theirs(make_customer, take, app):
    alice = make_customer()
    with app.app_context():
        db.session.execute(update(Customer).where(Customer.id == alice.id).values(address="5 Bạch Đằng"))
        db.session.commit()

    assert data_of(take(alice.admin), "profile")["customer"][0]["address"] == "5 Bạch Đằng"


def test_every_column_on_the_map_has_a_type_in_the_schema(app):
    datamap = app.extensions["datamap"]

    for table in datamap.metadata.sorted_tables:
        for column, said in datamap.held_columns(table):
            if said.withheld is None:
                assert isinstance(_type(column), dict)
