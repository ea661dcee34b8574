# SPDX-License-Identifier: Apache-2.0
"""The journeys: the description of each page, and the rules of its events and buttons."""
