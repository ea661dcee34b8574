# SPDX-License-Identifier: Apache-2.0
"""The command line of the registration authority and IT: it parses, calls an action, prints."""
