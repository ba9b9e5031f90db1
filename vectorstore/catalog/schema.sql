-- The catalogue of one library: the truth from which every index can be made again. The tables are
-- the same in SQLite and PostgreSQL, see `vectorstore/database/schema.py`.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE document (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    sha256    TEXT NOT NULL UNIQUE,      -- of the file's bytes
    name      TEXT NOT NULL UNIQUE,      -- what people see
    title     TEXT NOT NULL,
    status    TEXT NOT NULL,             -- 'ready', or a sentence about what is missing
    pages     INT NOT NULL,
    chunks    INT NOT NULL,
    extracted INTEGER NOT NULL,          -- characters
    ocr       INTEGER NOT NULL,          -- characters, recognised from pictures
    dropped   INTEGER NOT NULL,          -- characters read but not indexed
    empty     INT NOT NULL,              -- pages without text
    added     TEXT NOT NULL,             -- ISO 8601, UTC
    indexed   INTEGER NOT NULL DEFAULT 0,  -- characters: extracted + ocr - dropped
    hidden    INTEGER NOT NULL DEFAULT 0,  -- characters that a reader does not see; indexed apart
    unread    INTEGER NOT NULL DEFAULT 0,  -- estimate of characters that could not be read
    sketch    BLOB,                      -- of its words: what tells that two are versions of one
    superseded_by INTEGER REFERENCES document ON DELETE SET NULL,  -- a newer version of it
    dated     TEXT NOT NULL DEFAULT '',  -- ISO 8601: what it says of itself, else of its file
    reader    TEXT NOT NULL DEFAULT '',  -- name and number of the one that read it: 'pdf/1'
    names     TEXT NOT NULL DEFAULT '',  -- JSON: what it is about (see `vectorstore.naming`)
    seconds   REAL,                      -- of a recording; NULL where it is not known
    language  TEXT NOT NULL DEFAULT 'und'  -- ISO 639-1
);
CREATE INDEX document_language ON document (language);
CREATE INDEX document_reader ON document (reader);
CREATE INDEX document_superseded ON document (superseded_by);

CREATE TABLE place (                     -- where a document was found
    path        TEXT PRIMARY KEY,
    document_id INTEGER NOT NULL REFERENCES document ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX place_document ON place (document_id);

CREATE TABLE page (
    document_id INTEGER NOT NULL REFERENCES document ON DELETE CASCADE,
    number      INT NOT NULL,            -- as a viewer shows it, from 1
    width       REAL NOT NULL,           -- points
    height      REAL NOT NULL,
    pictures    INT NOT NULL,
    ocr         INT NOT NULL,
    lines       TEXT NOT NULL,           -- JSON: [[text, x0, y0, x1, y1, size, bold, ...], ...]
    title       TEXT NOT NULL DEFAULT '',  -- of a slide or a sheet
    note        TEXT NOT NULL DEFAULT '',  -- what a person should know: "unreadable scan"
    figures     TEXT NOT NULL DEFAULT '[]',  -- JSON: [[x0, y0, x1, y1, caption, description], ...]
    tables      TEXT NOT NULL DEFAULT '[]',  -- JSON: [[first, last, rows of cells, header, caption], ...]
    -- The ledger, in characters without white space: source = the lines' + what was dropped.
    source      INTEGER NOT NULL DEFAULT 0,  -- as the file gave them; recognised ones included
    ocr_characters INTEGER NOT NULL DEFAULT 0,
    confidence  REAL,                    -- mean of what was recognised, by characters
    indexed     INTEGER NOT NULL DEFAULT 0,
    hidden      INTEGER NOT NULL DEFAULT 0,  -- of those indexed
    unread      INTEGER NOT NULL DEFAULT 0,
    dropped     TEXT NOT NULL DEFAULT '{}',  -- JSON: {reason: characters}
    PRIMARY KEY (document_id, number)
) WITHOUT ROWID;

CREATE TABLE chunk (
    rowid       INTEGER PRIMARY KEY,     -- by which the index of words knows it
    id          TEXT NOT NULL UNIQUE,    -- <sha256, 16 digits>:<ordinal>: the same in every run
    document_id INTEGER NOT NULL REFERENCES document ON DELETE CASCADE,
    page        INT NOT NULL,
    first       INT NOT NULL,            -- lines of the page, from 0, inclusive
    last        INT NOT NULL,
    headings    TEXT NOT NULL,           -- JSON
    text        TEXT NOT NULL,
    vector      BLOB NOT NULL,           -- float32, little endian, length 1
    hidden      INT NOT NULL DEFAULT 0   -- 1: made of lines that a reader does not see
);
CREATE INDEX chunk_document ON chunk (document_id, page);
CREATE INDEX chunk_hidden ON chunk (hidden) WHERE hidden = 1;

CREATE TABLE job (                       -- a file on its way in, or one that failed
    path        TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    state       TEXT NOT NULL,           -- 'waiting', 'reading', 'indexing', 'failed', 'cancelled'
    error       TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;

CREATE TABLE container (                 -- a file with files inside, read to its end
    path        TEXT PRIMARY KEY,
    sha256      TEXT NOT NULL,           -- of its bytes
    left_out    TEXT NOT NULL            -- JSON: [[part, reason], ...]
) WITHOUT ROWID;

-- Words that people give to documents. One is there while a document has it.
CREATE TABLE tag (
    document_id INTEGER NOT NULL REFERENCES document ON DELETE CASCADE,
    name        TEXT NOT NULL,           -- as people see it; capital letters make no other tag
    PRIMARY KEY (document_id, name)
) WITHOUT ROWID;
CREATE INDEX tag_name ON tag (name);

INSERT INTO meta VALUES ('generation', '0');
