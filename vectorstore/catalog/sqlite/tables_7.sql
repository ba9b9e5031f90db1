-- Since schema 7: files that a run was interrupted at, after a while.
CREATE TABLE IF NOT EXISTS attempt (
    path        TEXT PRIMARY KEY,
    sha256      TEXT NOT NULL,           -- of the bytes that did not come to an end
    times       INTEGER NOT NULL
) WITHOUT ROWID;
