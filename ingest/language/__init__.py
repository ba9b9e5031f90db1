"""What text says, in many languages: words, sentences, numbers, units, dates."""
