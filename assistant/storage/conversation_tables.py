"""The tables of conversations and of the receipts of their answers, which stay in one file: they
have one version, and a step of it changes them together."""

from vectorstore.database.schema import Schema

_SCRIPT = """
CREATE TABLE IF NOT EXISTS conversation (
    id      TEXT PRIMARY KEY,                   -- of a person with an account: "@PERSON/ID"
    library TEXT NOT NULL,
    title   TEXT NOT NULL DEFAULT '',           -- empty: the first question
    pinned  INTEGER NOT NULL DEFAULT 0,
    latest  TEXT NOT NULL DEFAULT '',           -- ISO 8601, UTC: its last turn
    shown   INTEGER NOT NULL DEFAULT 0,         -- the last turn of the branch that is shown
    folder  INTEGER NOT NULL DEFAULT 0          -- 0: in none
);
CREATE TABLE IF NOT EXISTS turn (
    number       INTEGER PRIMARY KEY,
    conversation TEXT NOT NULL,
    parent       INTEGER NOT NULL DEFAULT 0,    -- the turn before it; 0: it is a first one
    question     TEXT NOT NULL,
    said         TEXT NOT NULL DEFAULT '',      -- the text of the answer: what searches read
    answer       TEXT NOT NULL                  -- JSON: the document of the public contract
);
CREATE INDEX IF NOT EXISTS turn_conversation ON turn (conversation, number);
CREATE TABLE IF NOT EXISTS folder (
    number    INTEGER PRIMARY KEY AUTOINCREMENT,    -- never given again: a page may know it still
    person    TEXT NOT NULL DEFAULT '',             -- whose it is; empty without accounts
    name      TEXT NOT NULL,
    collapsed INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS receipt (
    number  INTEGER PRIMARY KEY,
    id      TEXT NOT NULL UNIQUE,      -- of the answer
    receipt TEXT NOT NULL,             -- JSON: a Receipt
    person  TEXT NOT NULL DEFAULT ''   -- whose it is; empty without accounts
);
CREATE TABLE IF NOT EXISTS author (
    person TEXT PRIMARY KEY,                -- their id, which is never used again
    gone   INTEGER NOT NULL DEFAULT 0       -- 1: they were removed
);
"""

_POSTGRES = """
CREATE OR REPLACE FUNCTION json_extract(document TEXT, path TEXT) RETURNS TEXT
LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
    RETURN replace(document, '\\u0000', '\\ufffd')::json ->> substr(path, 3);
EXCEPTION WHEN others THEN RETURN NULL;     -- no JSON, or half of a letter
END $$;
CREATE OR REPLACE FUNCTION json_valid(document TEXT) RETURNS BOOLEAN
LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
    RETURN document::json IS NOT NULL;
EXCEPTION WHEN others THEN RETURN FALSE;
END $$;
"""

CONVERSATIONS = Schema("conversations", "conversations", _SCRIPT, first=2, postgres=_POSTGRES)
