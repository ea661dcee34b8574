"""Import, reports, metrics, retention, recovery, and daily housekeeping."""
