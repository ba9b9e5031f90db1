"""Background work while a page is drawn: answers, evaluations, reading aloud."""
