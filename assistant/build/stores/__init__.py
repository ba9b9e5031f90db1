"""Where what is kept lies: databases, buckets and vectors, as the settings say."""
