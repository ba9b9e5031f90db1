"""The tables of conversations, made so that a file of an earlier version gains them when it is
opened, and that version can still read it."""

from assistant.storage.sqlite_file import Connection

# Triggers keep the index of words, also where another version writes. It finds parts of words and
# scripts without blanks: its terms are runs of three characters.
SCHEMA = """
CREATE TABLE IF NOT EXISTS conversation (
    id      TEXT PRIMARY KEY,           -- of a person with an account: "@PERSON/ID"
    library TEXT,
    started TEXT
);
CREATE TABLE IF NOT EXISTS turn (
    number       INTEGER PRIMARY KEY,
    conversation TEXT NOT NULL REFERENCES conversation,
    question     TEXT NOT NULL,
    answer       TEXT NOT NULL          -- JSON: the answer document of the public contract
);
CREATE INDEX IF NOT EXISTS turn_conversation ON turn (conversation);
CREATE TABLE IF NOT EXISTS arranged (   -- without a row: as it was begun
    conversation TEXT PRIMARY KEY,
    title        TEXT NOT NULL DEFAULT '',      -- empty: the first question
    pinned       INTEGER NOT NULL DEFAULT 0,
    latest       TEXT NOT NULL DEFAULT '',      -- ISO 8601, UTC: its last turn
    shown        INTEGER NOT NULL DEFAULT 0     -- the last turn of the branch that is shown
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS branch (     -- without a row: after the turn that was kept before it
    turn   INTEGER PRIMARY KEY,
    parent INTEGER NOT NULL             -- 0: it begins the conversation
);
CREATE TABLE IF NOT EXISTS folder (
    number    INTEGER PRIMARY KEY AUTOINCREMENT,    -- never given again: a page may know it still
    person    TEXT NOT NULL DEFAULT '',             -- whose it is; empty without accounts
    name      TEXT NOT NULL,
    collapsed INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS foldered (   -- without a row: in no folder
    conversation TEXT PRIMARY KEY,
    folder       INTEGER NOT NULL REFERENCES folder
) WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS conversation_deleted AFTER DELETE ON conversation BEGIN
    DELETE FROM foldered WHERE conversation = old.id;
END;
CREATE VIRTUAL TABLE IF NOT EXISTS turn_words USING fts5(question, answer, tokenize = 'trigram');
CREATE TRIGGER IF NOT EXISTS turn_added AFTER INSERT ON turn BEGIN
    INSERT INTO turn_words (rowid, question, answer)
    VALUES (new.number, new.question, json_extract(new.answer, '$.answer'));
END;
CREATE TRIGGER IF NOT EXISTS turn_changed AFTER UPDATE OF answer ON turn BEGIN
    UPDATE turn_words SET answer = json_extract(new.answer, '$.answer') WHERE rowid = new.number;
END;
CREATE TRIGGER IF NOT EXISTS turn_deleted AFTER DELETE ON turn BEGIN
    DELETE FROM turn_words WHERE rowid = old.number;
    DELETE FROM branch WHERE turn = old.number;
END;
"""


def index_words(connection: Connection) -> None:
    """Of turns from before there was an index."""
    connection.execute(
        "INSERT INTO turn_words (rowid, question, answer)"
        " SELECT number, question, iif(json_valid(answer), json_extract(answer, '$.answer'), '')"
        " FROM turn WHERE number NOT IN (SELECT id FROM turn_words_docsize)"
    )


def drop_deleted_words(connection: Connection) -> None:
    """Merge the parts of the index: a part may still hold words that another one marks as
    deleted."""
    connection.execute("INSERT INTO turn_words (turn_words) VALUES ('optimize')")
