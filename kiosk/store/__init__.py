"""The kiosk's own database: what it has yet to report. SQLite in WAL, shared by two processes."""
