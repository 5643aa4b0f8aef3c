"""`python -m oreflow` is the command line."""

from oreflow.cli import main

main()
