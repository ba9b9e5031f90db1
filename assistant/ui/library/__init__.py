"""The Library page: documents, libraries, and what is being added."""
