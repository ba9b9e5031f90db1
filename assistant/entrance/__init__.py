"""Who may come in: the names of a server, tokens and cookies, wrong guesses. Knows no page."""
