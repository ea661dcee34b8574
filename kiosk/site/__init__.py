# SPDX-License-Identifier: Apache-2.0
"""The site and the device: settings, the site file, the firewall, enrolment, identity."""
