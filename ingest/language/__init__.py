"""The grammar of text in many languages: words, sentences, numbers, units, dates."""
