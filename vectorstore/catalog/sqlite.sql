-- What SQLite has beside the tables of a catalogue: an index of words, and what keeps rows in order.
CREATE VIRTUAL TABLE chunk_words USING fts5 (text, tokenize = 'porter unicode61');
CREATE VIRTUAL TABLE card_words USING fts5 (text, tokenize = 'porter unicode61');

CREATE TRIGGER chunk_gone AFTER DELETE ON chunk BEGIN
    DELETE FROM chunk_words WHERE rowid = old.rowid;
END;
CREATE TRIGGER document_gone AFTER DELETE ON document BEGIN
    DELETE FROM card_words WHERE rowid = old.id;
END;

-- A version that goes leaves its older ones to the version after it.
CREATE TRIGGER version_gone BEFORE DELETE ON document BEGIN
    UPDATE document SET superseded_by = old.superseded_by WHERE superseded_by = old.id;
END;

INSERT INTO meta VALUES ('identity', lower(hex(randomblob(16))));
