-- Tags of documents, see `../sqlite/tables_9.sql`. A new catalogue gets them in the same way.
CREATE TABLE tag (
    document_id BIGINT NOT NULL REFERENCES document ON DELETE CASCADE,
    name        TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (document_id, name)
);
CREATE INDEX tag_name ON tag (name);
