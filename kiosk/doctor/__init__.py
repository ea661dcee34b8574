# SPDX-License-Identifier: Apache-2.0
"""Finds out what is wrong with the kiosk and tells its technician; it changes nothing."""
