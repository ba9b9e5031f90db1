-- The length of a recording, see `../sqlite/schema_10.sql`. A new catalogue gets it in the same way.
ALTER TABLE document ADD COLUMN seconds DOUBLE PRECISION;
