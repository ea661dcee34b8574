# SPDX-License-Identifier: Apache-2.0
"""How the pages are drawn: views, and the texts on them."""
