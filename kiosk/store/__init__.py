# SPDX-License-Identifier: Apache-2.0
"""The kiosk's own database: what it has yet to report. SQLite in WAL, shared by two processes."""
