"""What a question asks of tables: words, periods, operation."""
