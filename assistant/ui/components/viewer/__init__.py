"""The tools of a page that is shown: zoom, turn, text that can be selected and found, citations."""
