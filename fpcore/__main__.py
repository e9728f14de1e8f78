"""`python -m fpcore`: the commands."""

from fpcore.commands import main

main()
