# SPDX-License-Identifier: Apache-2.0
"""What a site and a device are: settings, the site file, the firewall, enrolment, identity."""
