# SPDX-License-Identifier: Apache-2.0
"""The fleet: how a device becomes a kiosk, proves its identity, and stops being a kiosk.

The RA gives out one-time enrolment tokens. A device enrols with a token and its own key, and gets
short-lived access tokens for assertions that it signs with this key. A revoked kiosk is refused
from its next request on. All rejected callers get the same answer; the audit records the reason, at
a limited rate. Read `enrolling` first, then `assertions` and `kiosks`.
"""
