# SPDX-License-Identifier: Apache-2.0
"""Simulated hardware: drivers like any other, chosen by a setting, never in the appliance image."""
