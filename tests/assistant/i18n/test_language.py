"""Each thread and each visitor has a language of their own."""

import threading

import pytest

from assistant.i18n import translation


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
    assert translation.best_language(wanted) == found


def test_english_is_spoken_where_nobody_has_chosen() -> None:
    assert translation.current_language() == "en"


def test_a_language_ends_with_what_is_done_in_it() -> None:
    with translation.speaking("de"):
        with translation.speaking("fr"):
            assert translation.current_language() == "fr"
        assert translation.current_language() == "de"
    assert translation.current_language() == "en"


def test_threads_speak_the_language_in_which_they_were_started() -> None:
    heard: list[str] = []
    with translation.speaking("de"):
        work = translation.carried(lambda: heard.append(translation.current_language()))
        silent = threading.Thread(target=lambda: heard.append(translation.current_language()))
        for thread in (threading.Thread(target=work), silent):
            thread.start()
            thread.join()

    assert heard == ["de", "en"]


def test_two_threads_have_two_languages_at_once() -> None:
    both, heard = threading.Barrier(2), {}

    def speak(name: str) -> None:
        with translation.speaking(name):
            both.wait(60)
            heard[name] = translation.current_language()
            both.wait(60)

    threads = [threading.Thread(target=speak, args=(name,)) for name in ("de", "es")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert heard == {"de": "de", "es": "es"}
