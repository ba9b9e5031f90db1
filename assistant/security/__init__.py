"""Instructions inside documents are found, and connections are refused."""
