# SPDX-License-Identifier: Apache-2.0
"""The kiosk's runtime, its watchdog, and its monitor of central."""
