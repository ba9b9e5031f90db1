"""What a person meets first: a sample company, models for the machine, an entry in the menu."""
