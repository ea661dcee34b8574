# SPDX-License-Identifier: Apache-2.0
"""The operators' actions: one function for each, shared by the command line and a web console.

An action that changes something checks, does and audits in one transaction, or raises Declined and
has changed nothing. Parameters are typed, and results are frozen: callers parse and print.
"""
