# SPDX-License-Identifier: Apache-2.0
"""What is wrong, told to whoever looks after the kiosk: nothing here changes anything."""
