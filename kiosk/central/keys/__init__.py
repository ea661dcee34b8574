# SPDX-License-Identifier: Apache-2.0
"""The master key, the escrow and its journal, sealing, signing, and trusted authorities."""
