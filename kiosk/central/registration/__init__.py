# SPDX-License-Identifier: Apache-2.0
"""Log in by card, questions, emailed codes, and registrations."""
