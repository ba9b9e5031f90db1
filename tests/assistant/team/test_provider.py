"""People sign in at an OpenID provider that runs on loopback, in the app and in the API."""

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from http.cookies import SimpleCookie
from pathlib import Path

import httpx
import pytest
from joserfc.jwk import OctKey, RSAKey

from assistant.answering.pipeline import AnswerTool
from assistant.answering.retrieve import Budget
from assistant.conversation.assistant import Answering
from assistant.errors import SettingsError, TablesAway
from assistant.security import network_guard
from assistant.settings import Settings
from assistant.team.accounts import Accounts
from assistant.team.api.served_libraries import Libraries
from assistant.team.members import LASTS, Elsewhere
from assistant.team.provider import NotSignedIn, Provider, named_person
from assistant.team.tokens import digest
from assistant.wiring.people import provider, sessions
from tests.assistant.team.api.conftest import Server
from tests.assistant.team.conftest import PASSWORD, Team, opened
from tests.assistant.team.openid_provider import CLIENT, SECRET, OpenIdProvider
from tests.assistant.ui.test_served_app import served

BACK = "https://pincite.example.org/oidc/callback"


@pytest.fixture
def openid(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenIdProvider]:
    monkeypatch.setattr(network_guard, "_permitted", {})
    running = OpenIdProvider()
    yield running
    running.stop()


@pytest.fixture
def settings(team: Team, openid: OpenIdProvider) -> Settings:
    given = {"oidc_issuer": openid.issuer, "oidc_client": CLIENT, "oidc_secret": SECRET}
    return Settings.load(home=team.settings.home, **given)


@pytest.fixture
def door(team: Team, settings: Settings) -> Callable[..., Elsewhere]:
    def made(makes: bool = False, claim: str = "preferred_username", **more: object) -> Elsewhere:
        at = provider(settings)
        assert at
        people = partial(named_person, team.accounts, claim, makes)
        return Elsewhere(at, people, sessions(settings), team.accounts, **more)  # type: ignore[arg-type]

    return made


def went(door: Elsewhere) -> tuple[dict[str, str], str]:
    """What the provider sends back, and the cookie of the browser."""
    address, cookie = door.begin(BACK)
    back = httpx.get(address).headers["location"]
    assert back.startswith(BACK)
    return dict(httpx.URL(back).params), cookie


def test_who_has_an_account_gets_a_session(
    door: Callable[..., Elsewhere], settings: Settings, team: Team
) -> None:
    here = door()
    said, cookie = went(here)
    session = here.finish(said, cookie, BACK)
    found = sessions(settings).person(digest(session))
    assert found == team.accounts.named("ann")
    with pytest.raises(NotSignedIn, match="did not begin in this browser"):
        here.finish(said, cookie, BACK)


def test_another_browser_another_state_and_a_late_one_are_refused(
    door: Callable[..., Elsewhere],
) -> None:
    now = [0.0]
    here = door(clock=lambda: now[0])
    (said, mine), (other, theirs) = went(here), went(here)
    for wrong, cookie in ((said, theirs), (said, ""), ({**other, "state": "é"}, mine)):
        with pytest.raises(NotSignedIn):
            here.finish(wrong, cookie, BACK)
    said, cookie = went(here)
    now[0] += LASTS + 1
    with pytest.raises(NotSignedIn, match="too long ago"):
        here.finish(said, cookie, BACK)
    _, cookie = went(here)
    with pytest.raises(NotSignedIn):
        here.finish({"error": "access_denied"}, cookie, BACK)


def test_who_has_no_account_is_refused_or_becomes_a_reader(
    door: Callable[..., Elsewhere], openid: OpenIdProvider, team: Team
) -> None:
    openid.user["preferred_username"] = "Dora"
    for makes in (False, True):
        here = door(makes)
        said, cookie = went(here)
        if makes:
            here.finish(said, cookie, BACK)
        else:
            with pytest.raises(NotSignedIn, match="no account 'dora'"):
                here.finish(said, cookie, BACK)
    assert team.accounts.named("dora").role == "reader"
    for name in ("", "a b", "x" * 99):
        openid.user["preferred_username"] = name
        with pytest.raises(NotSignedIn):
            here.finish(*went(here), BACK)


def test_an_address_that_nobody_verified_is_no_name(
    door: Callable[..., Elsewhere], openid: OpenIdProvider, team: Team
) -> None:
    team.accounts.add("eva@example.org", PASSWORD, "reader")
    here = door(claim="email")
    for verified in (None, False, "true", True):
        openid.user = {"sub": "9", "email": "eva@example.org", "email_verified": verified}
        if verified is True:
            assert here.finish(*went(here), BACK)
        else:
            with pytest.raises(NotSignedIn, match="not verified"):
                here.finish(*went(here), BACK)


def test_a_token_is_believed_by_its_signature_alone(openid: OpenIdProvider) -> None:
    at = Provider(openid.issuer, CLIENT, SECRET)
    assert at.claims(openid.signed())["preferred_username"] == "ann"
    openid.turn_keys()
    del at._known[f"{openid.issuer}/keys"]  # half a minute later
    assert at.claims(openid.signed())["preferred_username"] == "ann"
    shared = OctKey.import_key(openid.key.kid * 4)
    for wrong in (
        openid.signed(exp=1), openid.signed(aud="another"), openid.signed(iss="https://evil"),
        openid.signed(RSAKey.generate_key(2048)), openid.signed()[:-8] + "AAAAAAAA", "a.b.c", "",
        openid.signed(shared, {"alg": "HS256"}),
        "eyJhbGciOiJub25lIn0." + openid.signed().split(".")[1] + ".",
    ):  # fmt: skip
        with pytest.raises(NotSignedIn):
            at.claims(wrong)


@pytest.mark.parametrize(
    ("place", "said"),
    [("/.well-known/openid-configuration", {"issuer": "https://evil"}),
     ("/keys", {"error": "busy"}), ("/keys", {"keys": None})],
)  # fmt: skip
def test_an_answer_that_is_wrong_is_not_kept(
    openid: OpenIdProvider, monkeypatch: pytest.MonkeyPatch, place: str, said: object
) -> None:
    at, right = Provider(openid.issuer, CLIENT, SECRET), openid.answer
    with monkeypatch.context() as patch:
        patch.setattr(
            openid, "answer", lambda path, *of: (200, said) if path == place else right(path, *of)
        )
        with pytest.raises(NotSignedIn):
            at.claims(openid.signed())
    assert at.claims(openid.signed())["preferred_username"] == "ann"


def test_a_provider_that_is_away_or_another_is_a_sentence(openid: OpenIdProvider) -> None:
    openid.stop()
    with pytest.raises(NotSignedIn, match="cannot be read"):
        Provider(openid.issuer, CLIENT, SECRET).claims("a.b.c")


@pytest.mark.parametrize(
    "issuer",
    ["http://login.example.org", "http://localhost.evil.example", "http://localhost@evil.example",
     "http://127.0.0.1.evil.example", "http://127.0.0.1:80@evil.example/", "https://",
     "https://login.example.org@evil.example", "http://127.0.0.1\\@evil.example"],
)  # fmt: skip
def test_an_issuer_elsewhere_needs_https(issuer: str) -> None:
    with pytest.raises(SettingsError, match="begins with https://"):
        Settings.load(oidc_issuer=issuer)


@pytest.mark.parametrize("issuer", ["https://login.example.org/realm", "http://[::1]:8080"])
def test_an_issuer_may_be_anywhere_by_https_and_here_without(issuer: str) -> None:
    assert Settings.load(oidc_issuer=issuer).oidc_issuer == issuer


def test_the_guard_lets_the_issuer_through_by_name(openid: OpenIdProvider) -> None:
    Provider("https://login.example.org/realm", CLIENT, "")
    assert network_guard._permitted["login.example.org", 443] == "sign-in"


def test_the_api_takes_the_tokens_of_the_provider(
    settings: Settings, team: Team, filled: Path, openid: OpenIdProvider
) -> None:
    shutil.copytree(filled, settings.home, dirs_exist_ok=True)
    libraries = Libraries(settings, lambda _: Answering(AnswerTool(None, Budget()), "q"), opened)
    server = Server(libraries)
    try:
        found = {}
        for name, token in (
            ("ann", openid.signed()), ("old", openid.signed(exp=1)),
            ("nobody", openid.signed(preferred_username="nobody")),
            ("other", openid.signed(aud="other")),
        ):  # fmt: skip
            with server.client(token) as client:
                found[name] = client.get("/api/libraries")
        assert found.pop("ann").json() == [{"library": "north"}]
        assert {answer.status_code for answer in found.values()} == {401}
    finally:
        server.stop()
        libraries.close()


def test_the_real_app_sends_people_there_and_lets_them_in(
    settings: Settings, openid: OpenIdProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("oidc_issuer", "oidc_client"):
        monkeypatch.setenv(f"PINCITE_{name.upper()}", getattr(settings, name))
    monkeypatch.setenv("PINCITE_OIDC_SECRET", SECRET)
    with served(settings.home) as app:
        assert "Sign in with 127.0.0.1" in app.get("/").body
        sent = app.get("/oidc/start")
        assert sent.status == 303
        begun = next(iter(SimpleCookie(sent.headers["Set-Cookie"]).items()))
        back = httpx.get(sent.headers["Location"]).headers["location"]
        path = back.partition("//")[2].partition("/")[2]
        assert app.get(f"/{path}").status == 401, "without the cookie of the browser that began"
        sent = app.get("/oidc/start")
        begun = next(iter(SimpleCookie(sent.headers["Set-Cookie"]).items()))
        back = httpx.get(sent.headers["Location"]).headers["location"]
        path = back.partition("//")[2].partition("/")[2]
        came = app.get(f"/{path}", Cookie=f"{begun[0]}={begun[1].value}")
        assert came.status == 303
        cookie = came.headers["Set-Cookie"].split(";")[0]
        assert app.get("/", Cookie=cookie).status == 200
        assert app.socket(cookie=cookie) == 101


def test_one_person_is_looked_up_alone_and_who_cannot_be_is_not_refused(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(self: Accounts, name: str = "") -> None:
        raise TablesAway("The server does not answer.")

    people = partial(named_person, team.accounts, "preferred_username", True)
    with monkeypatch.context() as patch:
        patch.setattr(Accounts, "people", away)
        assert people({"preferred_username": "Ann"}) == team.accounts.named("ann")
        patch.setattr(Accounts, "find", away)
        with pytest.raises(TablesAway):
            people({"preferred_username": "ann"})
    with pytest.raises(NotSignedIn, match="cannot be a name"):
        people({"preferred_username": "a b"})
