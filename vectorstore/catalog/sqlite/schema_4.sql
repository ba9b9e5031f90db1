-- From schema 3 to 4: which reader read a document; those of before are read again.
ALTER TABLE document ADD COLUMN reader TEXT NOT NULL DEFAULT '';
CREATE INDEX document_reader ON document (reader);
