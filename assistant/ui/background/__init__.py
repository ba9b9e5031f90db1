"""Work that goes on while a page is drawn: answers, evaluations, reading aloud."""
