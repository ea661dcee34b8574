"""Kiosks: enrolment, assertions, nonces, revocation, and callers that were rejected."""
