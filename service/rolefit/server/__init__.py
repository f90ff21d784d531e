"""Serve the engine over gRPC.

The way of a call, each step a function of its own: bytes are parsed and checked
(`recommendation_service`, `validation`), the engine decides, and bytes or a rich status
(`errors`) go back. Around that: `config` says what can be set, `serving` builds and drains
the gRPC server of one process, `supervisor` keeps several such processes alive.

This package imports nothing by itself: the supervisor must stay free of grpc.
"""
