# SPDX-License-Identifier: Apache-2.0
"""The command line of a kiosk: it parses, calls what does the work, prints."""
