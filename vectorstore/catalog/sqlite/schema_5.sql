-- From schema 4 to 5: the headings above a passage are among its words.
UPDATE chunk_words SET text = text || char(10) || (
    SELECT group_concat(heading.value, ' ') FROM chunk, json_each(chunk.headings) AS heading
    WHERE chunk.rowid = chunk_words.rowid
) WHERE rowid IN (SELECT rowid FROM chunk WHERE headings <> '[]');
