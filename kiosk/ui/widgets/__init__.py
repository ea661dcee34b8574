# SPDX-License-Identifier: Apache-2.0
"""The pieces that screens are made of. Each takes the `Context` first, and draws values."""
