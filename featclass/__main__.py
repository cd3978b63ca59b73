"""`python -m featclass` is the command `featclass`."""

from featclass.cli import main

main()
