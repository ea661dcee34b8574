# SPDX-License-Identifier: Apache-2.0
"""Hardware: the reader, and later lights and speech."""
