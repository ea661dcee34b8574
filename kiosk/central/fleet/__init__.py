# SPDX-License-Identifier: Apache-2.0
"""Kiosks: enrolment, assertions, nonces, revocation, and callers that were rejected."""
