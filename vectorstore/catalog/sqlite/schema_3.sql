-- From schema 2 to 3, before `tables_3.sql`: versions by date, and archives that are known.
ALTER TABLE document ADD COLUMN dated TEXT NOT NULL DEFAULT '';
