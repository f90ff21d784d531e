"""Proves properties of rules, compares rule sets, and runs the tests that rules bring.

It knows the engine and nothing of gRPC. What needs z3 imports it only when it runs, so
that rule tests need no solver.
"""
