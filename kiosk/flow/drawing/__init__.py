# SPDX-License-Identifier: Apache-2.0
"""The views of the pages: views, and the texts on them."""
