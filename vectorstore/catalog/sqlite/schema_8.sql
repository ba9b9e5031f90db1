-- From schema 7 to 8: the language of a document; of those of before it is found when it is needed.
ALTER TABLE document ADD COLUMN language TEXT NOT NULL DEFAULT '';
CREATE INDEX document_language ON document (language);
