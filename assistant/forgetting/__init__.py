"""A document leaves the whole home: library, answers, receipts, runs, ratings."""
