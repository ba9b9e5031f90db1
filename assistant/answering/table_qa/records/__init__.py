"""Questions to lists: tables of which each row is a record, in any language."""
