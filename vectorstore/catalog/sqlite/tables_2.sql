-- Since schema 2: tables as data, and the queue.
CREATE TABLE sheet (                     -- a table of a document
    id          INTEGER PRIMARY KEY,
    document_id INTEGER NOT NULL REFERENCES document ON DELETE CASCADE,
    page        INTEGER NOT NULL,
    first       INTEGER NOT NULL,        -- lines of the page, from 0, inclusive
    last        INTEGER NOT NULL,
    header      INTEGER NOT NULL,        -- how many rows are headings of the columns
    rows        INTEGER NOT NULL,
    columns     INTEGER NOT NULL,
    caption     TEXT NOT NULL
);
CREATE INDEX sheet_document ON sheet (document_id, page);

CREATE TABLE cell (
    sheet_id    INTEGER NOT NULL REFERENCES sheet ON DELETE CASCADE,
    row         INTEGER NOT NULL,        -- from 0
    column      INTEGER NOT NULL,
    line        INTEGER NOT NULL,        -- of the page
    kind        TEXT NOT NULL,           -- 'text', 'number', 'date', 'truth' or 'empty'
    text        TEXT NOT NULL,           -- as it is written
    value,                               -- REAL for numbers, ISO 8601 for dates, 0 or 1
    unit        TEXT NOT NULL,           -- '%', 'EUR'
    PRIMARY KEY (sheet_id, row, column)
) WITHOUT ROWID;

CREATE TABLE job (                       -- a file on its way in, or one that failed
    path        TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    state       TEXT NOT NULL,           -- 'waiting', 'reading', 'indexing', 'failed', 'cancelled'
    error       TEXT NOT NULL DEFAULT '',
    changed     TEXT NOT NULL            -- ISO 8601, UTC
) WITHOUT ROWID;
