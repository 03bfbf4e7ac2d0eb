"""The verbs as Python functions: what `glint_data` offers, and what the command line calls.

A verb is one typed function. Its parameters are the options of the command line, with the same names and defaults:
help and bounds stand beside the type (`Annotated[int, Option(...)]`), and the command is made from them.
"""
