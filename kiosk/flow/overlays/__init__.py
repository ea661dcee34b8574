# SPDX-License-Identifier: Apache-2.0
"""The overlays of every page: menus, the closing question, the dark screen."""
