"""Pages become bytes between processes; bytes become pages that are what they say."""
