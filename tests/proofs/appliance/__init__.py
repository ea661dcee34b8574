# SPDX-License-Identifier: Apache-2.0
"""The appliance booted: Debian 13 with the real units, a virtual reader, central over a wire."""
