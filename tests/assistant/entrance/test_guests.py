import hmac

import pytest

from assistant.entrance.guests import TRIES, WAIT, Guests, TooManyTries, sealed, unsealed


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def guests(clock: Clock) -> Guests:
    return Guests(clock)


def test_each_token_gives_a_cookie_of_its_role(guests: Guests) -> None:
    for role, token in guests.tokens.items():
        cookie = guests.enter({"token": token}, "10.0.0.1")

        assert cookie and cookie != token
        assert guests.mark(cookie) == sealed(role)


def test_tokens_and_cookies_cannot_be_guessed(guests: Guests) -> None:
    owner = guests.tokens["owner"]
    made = {guests.enter({"token": owner}, "10.0.0.1") for _ in range(50)}

    assert len(made) == 50
    assert all(len(str(word)) >= 24 for word in (*made, *guests.tokens.values()))
    assert not {*Guests().tokens.values()} & {*guests.tokens.values()}


@pytest.mark.parametrize("wrong", ["", "x", "\udce9", "Ā", "a" * 100_000])
def test_a_wrong_token_gives_nothing(guests: Guests, wrong: str) -> None:
    assert guests.enter({"token": wrong}, "10.0.0.1") is None
    assert guests.mark(wrong) is None


def test_all_tokens_are_compared_in_constant_time(
    guests: Guests, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths = []

    def compare(one: bytes, other: bytes) -> bool:
        lengths.append((len(one), len(other)))
        return right(one, other)

    right = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", compare)
    for token in (guests.tokens["owner"], guests.tokens["visitor"], "x", "y" * 500):
        guests.enter({"token": token}, "10.0.0.1")

    assert lengths == [(32, 32)] * 8, "hashes, so that the length tells nothing either"


def test_after_some_wrong_tokens_a_place_waits_but_a_right_one_is_let_in(
    guests: Guests, clock: Clock
) -> None:
    for _ in range(TRIES):
        assert guests.enter({"token": "wrong"}, "10.0.0.1") is None

    with pytest.raises(TooManyTries):
        guests.enter({"token": "wrong"}, "10.0.0.1")
    assert guests.enter({"token": guests.tokens["owner"]}, "10.0.0.1")
    assert guests.enter({"token": "wrong"}, "10.0.0.2") is None
    clock.now += WAIT + 1
    assert guests.enter({"token": "wrong"}, "10.0.0.1") is None


def test_the_addresses_of_one_network_are_one_place(guests: Guests) -> None:
    for number in range(TRIES):
        guests.enter({"token": "wrong"}, f"2001:db8::{number}")

    with pytest.raises(TooManyTries):
        guests.enter({"token": "wrong"}, "2001:db8::ffff:1")
    assert guests.enter({"token": "wrong"}, "2001:db8:0:1::1") is None


def test_a_cookie_ends_after_a_week(guests: Guests, clock: Clock) -> None:
    cookie = guests.enter({"token": guests.tokens["owner"]}, "10.0.0.1")

    assert cookie
    clock.now += 8 * 24 * 3600
    assert guests.mark(cookie) is None


def test_a_role_is_believed_with_the_seal_of_this_process_alone() -> None:
    assert unsealed(sealed("owner")) == "owner"
    assert unsealed(sealed("visitor")) == "visitor"
    for forged in ("owner", "owner ", "owner 0123", "", "ä"):
        assert not unsealed(forged)
