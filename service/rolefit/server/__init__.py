"""Serve the engine over gRPC.

The way of a call, each step a function of its own: bytes are parsed (`unary_call`) and
checked (`validation`), a service (`recommendation_service`, `catalogue_service`) asks the
engine, and bytes or a rich status (`errors`) go back. Around that: `config` says what can be
set, `serving` builds and drains the gRPC server of one process, `supervisor` keeps several
such processes alive, `recording` is told of decisions, for the decision log and the shadow.

This package imports nothing by itself: the supervisor must stay free of grpc.
"""
