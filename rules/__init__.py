"""The rules of rolefit: data only; see README.md beside this file."""
