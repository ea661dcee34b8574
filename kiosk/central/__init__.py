# SPDX-License-Identifier: Apache-2.0
"""The central service: it keeps registrations and escrowed keys, and decides who may unlock a card.

Read `README.md` in this folder first, then `http/routes` for the requests that kiosks make.
"""
