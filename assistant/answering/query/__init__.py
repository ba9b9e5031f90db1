"""A question and its conversation become what is searched for, or a clarification."""
