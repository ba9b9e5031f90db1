"""How much may come at once, in megabytes: one place for app, API and the proxy before them."""

LARGEST = 500  # a request with files for a library
ATTACHED = 64  # a file of a question, which who may only read sends as well
BYTES = 1 << 20  # of a megabyte
