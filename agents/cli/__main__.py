"""`python -m agents.cli`: the same as `fanpulse`, with this very Python."""

from agents.cli.main import main

if __name__ == "__main__":
    main()
