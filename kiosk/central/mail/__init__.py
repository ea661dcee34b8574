# SPDX-License-Identifier: Apache-2.0
"""Letters: their wording in each language, and how they are sent."""
