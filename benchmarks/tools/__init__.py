"""Which tool is chosen, and how well pictures and sounds are made, described and heard."""
