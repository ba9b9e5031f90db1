"""How an answer was made, stage by stage, as data that every face of the assistant can show."""
