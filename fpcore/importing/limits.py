"""How large an uploaded book, its records and its cells may be."""

LARGEST_FILE = 2 * 1024**3
LONGEST_CELL = 100_000
MOST_COLUMNS = 500
HEAD = 500
"""The records behind the header that are shown to whoever guesses what a column means."""

CHUNK = 256 * 1024  # bytes: larger ones take twice as long, their memory being mapped anew
LONGEST_LINE = MOST_COLUMNS * LONGEST_CELL  # of the careful lane: a longer one fits no limit
