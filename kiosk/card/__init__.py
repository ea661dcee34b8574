# SPDX-License-Identifier: Apache-2.0
"""Card protocols over one method: `Connection.exchange(command) -> response`.

No reader library, no I/O of its own, no clock: whatever carries an APDU carries these protocols.
"""
