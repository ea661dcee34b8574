# SPDX-License-Identifier: Apache-2.0
"""The kiosk's own databases: its outbox and its replica, in SQLite, shared by two processes."""
