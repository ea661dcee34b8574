# SPDX-License-Identifier: Apache-2.0
"""What a card's visits prove about its unblocking key."""
