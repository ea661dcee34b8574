"""Unlocking a card: open a session, judge the attempt, grant keys, record the facts."""
