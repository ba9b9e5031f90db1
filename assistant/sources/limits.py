"""How much a server may give: it may be hostile, or broken."""

MOST_BYTES = 500 << 20  # of a file, as of one that is dropped into the app
MOST_MAIL_BYTES = 100 << 20  # of a mail, which is held in memory meanwhile
MOST_ENTRIES = 200_000  # mails or files of a source
MOST_DEPTH = 20  # folders in folders
MOST_LISTED = 32 << 20  # bytes of one answer that is no mail and no file
SILENCE = 60.0  # seconds without a byte
LONGEST = 3600.0  # seconds for one mail or file: a server that drips is no faster than none
