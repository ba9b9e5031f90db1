-- From schema 5 to 6: the names of what a document is about; found when they are first needed.
ALTER TABLE document ADD COLUMN names TEXT NOT NULL DEFAULT '';
