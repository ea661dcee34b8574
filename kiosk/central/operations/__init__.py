# SPDX-License-Identifier: Apache-2.0
"""Import, reports, metrics, retention, recovery, and daily housekeeping."""
