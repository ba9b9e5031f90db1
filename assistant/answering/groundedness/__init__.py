"""A second opinion on the sentences of an answer: a classifier that reads what they rest on."""
