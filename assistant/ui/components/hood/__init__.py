"""Under the hood of an answer: how it was made, stage by stage."""
