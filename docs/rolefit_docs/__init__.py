"""Writes the reference pages of the documentation from the contract, the rules and the code.

Nothing here knows MkDocs, and nothing it writes is kept: `docs/hooks.py` hands the pages to
each build, so that they cannot differ from what they describe.
"""
