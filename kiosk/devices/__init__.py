# SPDX-License-Identifier: Apache-2.0
"""Hardware drivers: card reader, lights, display, touch, keypads and speech."""
