"""An address nobody could mean is answered calmly, on both databases."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["/advisories/%00", "/join/%00/", "/advisories/?q=%00", "/?next=%00", "/%00"])
def test_the_nul_character_in_an_address_is_refused_and_never_an_error(address: str) -> None:
    assert Client().get(address).status_code in (400, 404)
