"""Files that come with a question become evidence for its answer."""
