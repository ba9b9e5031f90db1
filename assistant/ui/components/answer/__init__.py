"""A cited answer in the browser: its sentences, the cited page, its export."""
