# SPDX-License-Identifier: Apache-2.0
"""What runs on the kiosk: the runtime, its watchdog, and what watches over central."""
