"""Somebody who leaves an organisation does not stay in a colleague's copy of it."""

from tests.support.browse import state_of


def test_a_copy_of_the_whole_customer_ends_when_a_member_named_in_it_is_erased(
    make_customer, browse_as, work, move_clock
):
    hotel = make_customer(staff=1)
    admin = browse_as(hotel.admin)
    export = admin.submit("/exports", {"scope": "customer"}).headers["Location"]
    work()
    assert state_of(admin.get(export)) == "ready"
    leaver = browse_as(hotel.staff[0])
    leaver.submit("/close-account", {"scope": "me", "confirm": "y"})
    leaver.submit("/close-account/sooner")

    work()

    assert state_of(admin.get(export)) == "expired"
    assert admin.get(f"{export}/download").status_code == 404
