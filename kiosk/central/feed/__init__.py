# SPDX-License-Identifier: Apache-2.0
"""The pages of changes that kiosks follow, and the long poll that waits for them."""
