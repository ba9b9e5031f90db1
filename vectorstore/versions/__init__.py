"""Documents that are versions of one another are found and linked."""
