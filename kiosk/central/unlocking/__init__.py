# SPDX-License-Identifier: Apache-2.0
"""Unlocking a card: open a session, judge the attempt, grant keys, record the facts."""
