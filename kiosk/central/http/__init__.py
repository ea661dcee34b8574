# SPDX-License-Identifier: Apache-2.0
"""The HTTP application: it turns the requests of the contract into calls of central's rooms.

Each resource has one module of routes. A request is bounded in size, authenticated unless it is
open to anybody, and refused only with a problem document that repeats nothing of the request. The
OpenAPI document is made from the routes and kept in `docs/contract`. Read `routes/unlocks` first,
then `application` and `problems`. A connection comes by `door`, and keeps the deadlines of
`timed_protocol`; a request is admitted by `routes/admission` within `budgets`.
"""
