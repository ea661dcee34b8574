# SPDX-License-Identifier: Apache-2.0
"""The journeys: what a page does with each event and button."""
