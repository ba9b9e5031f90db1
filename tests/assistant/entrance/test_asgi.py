"""What the headers of a request say, whatever a client has sent."""

from assistant.entrance.asgi import cookie_of, headers_of, with_headers


def test_what_came_twice_fits_nothing_and_cookies_are_joined() -> None:
    pairs = [(b"Host", b"a"), (b"host", b"b"), (b"Cookie", b"x=1"), (b"cookie", b"y=2")]
    asked = headers_of({"headers": pairs})
    assert asked == {"host": "a, b", "cookie": "x=1; y=2"}
    assert cookie_of(asked["cookie"], "y") == "2"


def test_a_cookie_is_found_as_a_browser_sends_it() -> None:
    assert cookie_of("a=1; pincite_8501=t0-k_en; b=x=y", "pincite_8501") == "t0-k_en"
    assert cookie_of("a=1;b = x=y", "b") == ""
    for header in ("", ";;", "pincite", "pincite_8501", "=x", "xpincite_8501=y"):
        assert cookie_of(header, "pincite_8501") == ""


def test_a_header_is_replaced_whatever_its_letters() -> None:
    scope = {"headers": [(b"X-Role", b"owner"), (b"Cookie", b"a=1"), (b"accept", b"*/*")]}
    given = with_headers(scope, ("x-role", "visitor"), without=("cookie",))
    assert given["headers"] == [(b"accept", b"*/*"), (b"x-role", b"visitor")]
