"""Servers that tests start and end: PostgreSQL, S3, Ray, mailboxes and WebDAV folders."""
