"""Finds the best passages for a query: signals, fusion, boosts, reranking."""
