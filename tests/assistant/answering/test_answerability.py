""""""

from dataclasses import replace

from assistant.answering.gate import Signals, answerable


def test_an_embedding_model_for_several_languages_has_gates_of_its_own() -> None:
    """What a German question finds in German and in English passages, on the scale of its model."""
    german, english = Signals(0.54, 0.75), Signals(0.32, 0.25)
    in_one, in_two = replace(german, languages="one"), replace(english, languages="two")
    assert answerable(german, None) < 0.5 < answerable(in_one, None)
    assert answerable(english, None) < 0.1 < 0.5 < answerable(in_two, None)
