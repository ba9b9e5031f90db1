"""Model servers: their addresses, and the keys they want."""
