"""What a saved file is called."""

import pytest

from assistant.export.documents import named


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("How long must a password be?", "How long must a password be.docx"),
        ("What do 3/4 of\nthe sites\thave: a C:\\?", "What do 3 4 of the sites have_ a C.docx"),
        ("word " * 30, "word word word word word word word word word word word word.docx"),
        ("パスワードの長さ", "パスワードの長さ.docx"),
        ("con", "_con.docx"),
        ("How many days of paid leave are there for all employees too, who?",
         "How many days of paid leave are there for all employees too.docx"),
        ("有薪假期。", "有薪假期.docx"), ("(a), b:", "(a), b.docx"),
        ("?!", "answer-1.docx"),
        ("", "answer-1.docx"),
    ],
)  # fmt: skip
def test_a_question_names_the_file(words: str, name: str) -> None:
    assert named(words, "answer-1", ".docx") == name
