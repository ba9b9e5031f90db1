"""Who may see which library: people, groups, sessions, tokens. Without accounts: everybody."""
