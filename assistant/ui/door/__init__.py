"""Who may come in: the names of the server, tokens and cookies, headers. Knows no page."""
