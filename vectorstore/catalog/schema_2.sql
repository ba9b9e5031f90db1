-- From schema 1 to 2: tables as data, the coverage ledger page by page, versions, the queue.
ALTER TABLE document ADD COLUMN indexed INTEGER NOT NULL DEFAULT 0;
UPDATE document SET indexed = extracted + ocr - dropped;
ALTER TABLE document ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0;
ALTER TABLE document ADD COLUMN unread INTEGER NOT NULL DEFAULT 0;
ALTER TABLE document ADD COLUMN sketch BLOB;
ALTER TABLE document ADD COLUMN superseded_by INTEGER REFERENCES document ON DELETE SET NULL;
ALTER TABLE page ADD COLUMN title TEXT NOT NULL DEFAULT '';
ALTER TABLE page ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE page ADD COLUMN figures TEXT NOT NULL DEFAULT '[]';
ALTER TABLE page ADD COLUMN source INTEGER NOT NULL DEFAULT 0;
ALTER TABLE page ADD COLUMN ocr_characters INTEGER NOT NULL DEFAULT 0;
ALTER TABLE page ADD COLUMN confidence REAL;
ALTER TABLE page ADD COLUMN indexed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE page ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0;
ALTER TABLE page ADD COLUMN unread INTEGER NOT NULL DEFAULT 0;
ALTER TABLE page ADD COLUMN dropped TEXT NOT NULL DEFAULT '{}';
ALTER TABLE chunk ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0;
CREATE INDEX chunk_hidden ON chunk (hidden) WHERE hidden;

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
