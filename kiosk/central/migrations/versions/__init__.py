# SPDX-License-Identifier: Apache-2.0
"""The migrations, one module for each."""
