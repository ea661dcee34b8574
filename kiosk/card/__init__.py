# SPDX-License-Identifier: Apache-2.0
"""Card protocols over one method: `Connection.exchange(command) -> response`.

The room uses no reader library, does no I/O of its own and reads no clock. It works over anything
that carries an APDU.
"""
