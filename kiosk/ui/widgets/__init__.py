# SPDX-License-Identifier: Apache-2.0
"""The widgets that screens are made of. Each takes the `Context` first, and draws values."""
