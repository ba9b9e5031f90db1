-- What PostgreSQL has beside the tables of a catalogue, in a schema of its own: functions of SQLite, and an index
-- of words. {collation} knows the letters of all alphabets.

-- A version that goes leaves its older ones to the version after it.
CREATE FUNCTION version_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE document SET superseded_by = OLD.superseded_by WHERE superseded_by = OLD.id;
    RETURN OLD;
END $$;
CREATE TRIGGER version_gone BEFORE DELETE ON document FOR EACH ROW EXECUTE FUNCTION version_gone();

-- Functions of SQLite that the statements use. JSON may have a zero byte, which PostgreSQL's text
-- has not.
CREATE FUNCTION without_zero(doc TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN strpos(doc, '\u0000') > 0
        THEN regexp_replace(doc, '(?<!\\)((?:\\\\)*)\\u0000', '\1', 'g') ELSE doc END
$$;
CREATE FUNCTION json_each(doc TEXT) RETURNS TABLE (value TEXT) LANGUAGE sql IMMUTABLE AS $$
    SELECT e FROM json_array_elements_text(
        CASE WHEN left(ltrim(doc), 1) = '[' THEN without_zero(doc)::json ELSE '[]' END) AS e
    UNION ALL
    SELECT o.value FROM json_each_text(
        CASE WHEN left(ltrim(doc), 1) = '{' THEN without_zero(doc)::json ELSE '{}' END) AS o
$$;
CREATE FUNCTION json_extract(doc TEXT, path TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_path_query_first(without_zero(doc)::jsonb, path::jsonpath) #>> '{}'
$$;

-- Words, as SQLite's FTS5 has them with `porter unicode61`: letters and digits in small letters
-- without accents, stemmed by Porter's first stemmer.
CREATE TEXT SEARCH DICTIONARY porter (TEMPLATE = snowball, Language = porter);
CREATE TEXT SEARCH CONFIGURATION words (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION words ALTER MAPPING REPLACE simple WITH porter;
CREATE FUNCTION plain(said TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE AS $$
    SELECT regexp_replace(
        regexp_replace(normalize(lower(left(said, 250000) COLLATE {collation}), NFD),
            '[\u0300-\u036f]', '', 'g'),
        '[^[:alnum:]]+' COLLATE {collation}, ' ', 'g')
$$;
CREATE TABLE chunk_words (
    rowid       BIGINT PRIMARY KEY REFERENCES chunk ON DELETE CASCADE,
    text        TEXT NOT NULL,
    terms       TSVECTOR,
    length      INTEGER                  -- words
);
CREATE TABLE card_words (
    rowid       BIGINT PRIMARY KEY REFERENCES document ON DELETE CASCADE,
    text        TEXT NOT NULL,
    terms       TSVECTOR,
    length      INTEGER
);
CREATE TABLE posting (                   -- which passage, or card, has which word
    kind        "char" NOT NULL,         -- p: passages, c: cards
    term        TEXT COLLATE "C" NOT NULL,
    rowid       BIGINT NOT NULL,
    times       INTEGER NOT NULL,
    length      INTEGER NOT NULL,
    PRIMARY KEY (kind, term, rowid) INCLUDE (times, length)
);
CREATE FUNCTION put_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        DELETE FROM posting WHERE kind = TG_ARGV[0]::"char" AND rowid = OLD.rowid
            AND term = ANY(tsvector_to_array(OLD.terms));
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    NEW.terms = to_tsvector('words', plain(NEW.text));
    SELECT coalesce(sum(cardinality(positions)), 0) INTO NEW.length FROM unnest(NEW.terms);
    INSERT INTO posting SELECT TG_ARGV[0]::"char", lexeme, NEW.rowid, cardinality(positions), NEW.length
        FROM unnest(NEW.terms);
    RETURN NEW;
END $$;
CREATE TRIGGER put_words BEFORE INSERT OR UPDATE OF text OR DELETE ON chunk_words
    FOR EACH ROW EXECUTE FUNCTION put_words('p');
CREATE TRIGGER put_words BEFORE INSERT OR UPDATE OF text OR DELETE ON card_words
    FOR EACH ROW EXECUTE FUNCTION put_words('c');

INSERT INTO meta VALUES ('identity', replace(gen_random_uuid()::text, '-', ''));
