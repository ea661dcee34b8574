# SPDX-License-Identifier: Apache-2.0
"""The audit trail, a hash chain, and its signed checkpoints."""
