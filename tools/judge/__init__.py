"""How the judge that ships was made: `python -m tools.judge --data DATA --out FOLDER` (see `__main__`)."""
