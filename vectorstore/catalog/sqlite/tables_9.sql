-- Since schema 9: tags, words that people give to documents. One is there while a document has it.
CREATE TABLE tag (
    document_id INTEGER NOT NULL REFERENCES document ON DELETE CASCADE,
    name        TEXT NOT NULL,           -- as people see it; capital letters make no other tag
    PRIMARY KEY (document_id, name)
) WITHOUT ROWID;
CREATE INDEX tag_name ON tag (name);
