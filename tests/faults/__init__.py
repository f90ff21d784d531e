"""Faults that a server and its clients have to survive."""
