"""A query becomes the best passages: signals, fusion, boosts, reranking."""
