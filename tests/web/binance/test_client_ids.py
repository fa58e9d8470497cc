"""Client order ids that the gateway makes."""

from web.binance.client_ids import new_client_order_id


def test_they_are_22_letters_and_digits_and_none_comes_twice() -> None:
    made = {new_client_order_id() for _ in range(10_000)}

    assert len(made) == 10_000
    assert all(len(each) == 22 and each.isascii() and each.isalnum() for each in made)


def test_none_could_be_a_clients_own() -> None:
    """nautilus_trader takes a cancel's id that begins with O, as its own do, for the order's."""
    assert all(new_client_order_id()[0].isdigit() for _ in range(1_000))
