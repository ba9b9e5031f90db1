-- The catalogue of one library: the truth from which every index can be made again.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE document (
    id        INTEGER PRIMARY KEY,
    sha256    TEXT NOT NULL UNIQUE,      -- of the file's bytes
    name      TEXT NOT NULL UNIQUE,      -- what people see
    title     TEXT NOT NULL,
    status    TEXT NOT NULL,             -- 'ready', or a sentence about what is missing
    outline   TEXT NOT NULL,             -- JSON: headings in the order of the document
    pages     INTEGER NOT NULL,
    chunks    INTEGER NOT NULL,
    extracted INTEGER NOT NULL,          -- characters
    ocr       INTEGER NOT NULL,          -- characters, recognised from pictures
    dropped   INTEGER NOT NULL,          -- characters read but not indexed
    empty     INTEGER NOT NULL,          -- pages without text
    added     TEXT NOT NULL              -- ISO 8601, UTC
);

CREATE TABLE place (                     -- where a document was found
    path        TEXT PRIMARY KEY,
    document_id INTEGER NOT NULL REFERENCES document ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX place_document ON place (document_id);

CREATE TABLE page (
    document_id INTEGER NOT NULL REFERENCES document ON DELETE CASCADE,
    number      INTEGER NOT NULL,        -- as a viewer shows it, from 1
    width       REAL NOT NULL,           -- points
    height      REAL NOT NULL,
    pictures    INTEGER NOT NULL,
    ocr         INTEGER NOT NULL,
    lines       TEXT NOT NULL,           -- JSON: [[text, x0, y0, x1, y1, size, bold], ...]
    PRIMARY KEY (document_id, number)
) WITHOUT ROWID;

CREATE TABLE chunk (
    id          TEXT NOT NULL UNIQUE,    -- <sha256, 16 digits>:<ordinal>: the same in every run
    document_id INTEGER NOT NULL REFERENCES document ON DELETE CASCADE,
    page        INTEGER NOT NULL,
    first       INTEGER NOT NULL,        -- lines of the page, from 0, inclusive
    last        INTEGER NOT NULL,
    headings    TEXT NOT NULL,           -- JSON
    text        TEXT NOT NULL,
    vector      BLOB NOT NULL            -- float32, little endian, length 1
);
CREATE INDEX chunk_document ON chunk (document_id, page);

CREATE VIRTUAL TABLE chunk_words USING fts5 (text, tokenize = 'porter unicode61');
CREATE VIRTUAL TABLE card_words USING fts5 (text, tokenize = 'porter unicode61');

CREATE TRIGGER chunk_gone AFTER DELETE ON chunk BEGIN
    DELETE FROM chunk_words WHERE rowid = old.rowid;
END;
CREATE TRIGGER document_gone AFTER DELETE ON document BEGIN
    DELETE FROM card_words WHERE rowid = old.id;
END;
