"""`python -m fpcore`: the commands."""

from fpcore.commands.main import main

main()
