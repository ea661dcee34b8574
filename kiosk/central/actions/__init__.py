# SPDX-License-Identifier: Apache-2.0
"""What operators do: one function an action, for the command line and for a console alike.

An action that changes something checks, does and audits in one transaction, or raises Declined and
has changed nothing. Parameters are typed, and results are frozen: callers parse and print.
"""
