"""Measurements of Pincite beside the plain LangChain pipeline, on the same questions and models."""
