"""Questions to begin with."""

from assistant.answering.suggestions import follow_ups, suggest

HEADINGS = {
    "Employee_Handbook.pdf": ["1 Contents", "5.1 Annual leave", "7 Travel and expenses"],
    "Report.pdf": ["Table of Contents", "Revenue by region"],
    "Empty.pdf": [],
}


def test_each_document_gives_a_question_before_one_gives_a_second() -> None:
    assert suggest(HEADINGS, 3) == [
        "What does the Employee Handbook say about annual leave?",
        "What does the Report say about revenue by region?",
        "What does the Employee Handbook say about travel and expenses?",
    ]


def test_contents_and_other_formal_headings_are_not_asked_about() -> None:
    assert not any("ontents" in question for question in suggest(HEADINGS, 10))


def test_the_beginning_of_a_list_is_not_asked_about() -> None:
    assert suggest({"Plan.pdf": ["The following applies:", "Our offices,"]}, 4) == []


def test_a_heading_keeps_its_names_and_is_asked_about_where_it_is_a_thing() -> None:
    titles = ["Contoso Electronics staff", "Plan and Benefit Packages", "SICK LEAVE", "Home office"]
    asked = [q.partition(" about ")[2] for q in suggest({"P.pdf": titles}, 9)]
    assert asked == [
        "Contoso Electronics staff?", "Plan and Benefit Packages?", "sick leave?", "home office?",
    ]  # fmt: skip
    assert suggest({"P.pdf": ["Before your first day", "For all employees"]}, 9) == []


def test_an_empty_library_suggests_nothing() -> None:
    assert suggest({}, 4) == []


def test_questions_are_in_the_language_of_the_headings() -> None:
    german = ["Inhaltsverzeichnis", "1. Urlaub und Abwesenheit", "2. Elternzeit", "Unsere Werte"]
    french = ["Sommaire", "1. Congés payés annuels", "Notre histoire", "Manuel du personnel"]
    spanish = ["Índice", "Vacaciones y ausencias", "Seguridad de las contraseñas", "Quiénes somos"]
    assert suggest({"Mitarbeiterhandbuch.md": german}, 9) == [
        "Was steht in „Mitarbeiterhandbuch“ über „Urlaub und Abwesenheit“?",
        "Was steht in „Mitarbeiterhandbuch“ über „Elternzeit“?",
    ]
    assert suggest({"Manuel_du_personnel.md": french}, 9) == [
        "Que dit « Manuel du personnel » au sujet de « Congés payés annuels » ?"
    ]
    assert suggest({"Manual.md": spanish}, 9) == [
        "¿Qué dice «Manual» sobre «Vacaciones y ausencias»?",
        "¿Qué dice «Manual» sobre «Seguridad de las contraseñas»?",
    ]


def test_follow_ups_are_in_the_language_of_the_last_question() -> None:
    headings = {"Handbook.pdf": ["Sick leave", "Travel costs", "Home office days"]}
    asked = ["How long is leave?", "Wer bezahlt die Reise nach Hause?"]
    assert follow_ups("Reise", asked, headings)[0].startswith("Was steht in „Handbook“ über „")
    assert follow_ups("Travel", asked[:1], headings)[0].startswith("What does the Handbook say")
