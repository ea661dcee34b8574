# SPDX-License-Identifier: Apache-2.0
"""The demonstration: all parts on one machine, a simulated card, and a pilot for the screen."""
