"""Mailboxes and WebDAV folders of servers, whose mails and files come into a library."""
