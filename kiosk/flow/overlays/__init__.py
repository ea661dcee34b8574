# SPDX-License-Identifier: Apache-2.0
"""What lies over every page: menus, the closing question, the dark screen."""
