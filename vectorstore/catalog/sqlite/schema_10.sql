-- From schema 9 to 10: the length of a recording; of those of before it is known once they are read.
ALTER TABLE document ADD COLUMN seconds REAL;
