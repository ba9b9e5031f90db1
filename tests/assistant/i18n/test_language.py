"""Each thread and each visitor has a language of their own."""

import threading

import pytest

from assistant.i18n import language


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("de", "de"),
        ("de-AT", "de"),
        ("fr_CA", "fr"),
        ("pt-BR,es;q=0.8,en;q=0.5", "es"),
        ("en;q=0.5,fr;q=0.9", "fr"),
        ("de;q=0,fr", "fr"),
        ("ja", "en"),
        ("", "en"),
        (";;q=x,,", "en"),
    ],
)
def test_the_first_language_of_a_browser_that_is_there_is_taken(wanted: str, found: str) -> None:
    assert language.best(wanted) == found


def test_english_is_spoken_where_nobody_has_chosen() -> None:
    assert language.current() == "en"


def test_a_language_ends_with_what_is_done_in_it() -> None:
    with language.speaking("de"):
        with language.speaking("fr"):
            assert language.current() == "fr"
        assert language.current() == "de"
    assert language.current() == "en"


def test_threads_speak_the_language_in_which_they_were_started() -> None:
    heard: list[str] = []
    with language.speaking("de"):
        work = language.carried(lambda: heard.append(language.current()))
        silent = threading.Thread(target=lambda: heard.append(language.current()))
        for thread in (threading.Thread(target=work), silent):
            thread.start()
            thread.join()

    assert heard == ["de", "en"]


def test_two_threads_have_two_languages_at_once() -> None:
    both, heard = threading.Barrier(2), {}

    def speak(name: str) -> None:
        with language.speaking(name):
            both.wait(60)
            heard[name] = language.current()
            both.wait(60)

    threads = [threading.Thread(target=speak, args=(name,)) for name in ("de", "es")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert heard == {"de": "de", "es": "es"}
