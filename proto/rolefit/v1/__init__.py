"""Generated from proto/rolefit/v1 by `make proto`: the messages and stubs of the contract."""
