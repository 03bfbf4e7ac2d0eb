"""`python -m glint_data` is the command line."""

from glint_data.cli import main

if __name__ == "__main__":
    main()
