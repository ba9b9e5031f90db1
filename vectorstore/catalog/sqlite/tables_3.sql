-- Since schema 3: archives that are known, and versions that go.
CREATE TABLE container (                 -- a file with files inside, read to its end
    path        TEXT PRIMARY KEY,
    sha256      TEXT NOT NULL,           -- of its bytes
    left_out    TEXT NOT NULL            -- JSON: [[part, reason], ...]
) WITHOUT ROWID;

-- A version that goes leaves its older ones to the version after it.
CREATE TRIGGER version_gone BEFORE DELETE ON document BEGIN
    UPDATE document SET superseded_by = old.superseded_by WHERE superseded_by = old.id;
END;
