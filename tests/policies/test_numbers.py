"""A version number that no version can have is a clean 404."""

import pytest


@pytest.mark.parametrize("number", [2**31, 2**63, 10**24])
def test_a_number_beyond_all_versions_is_not_there(browse, number):
    assert browse.get(f"/privacy-policy/versions/{number}").status_code == 404
