# SPDX-License-Identifier: Apache-2.0
"""Operations: what operators and central itself do beside the requests of kiosks.

These are the import of cards and keys, reports and metrics, retention, recovery after a loss, and
daily housekeeping. Several processes may run housekeeping: each checks first whether another has
done the work. Deletion follows the rules in `retention` only. Read `housekeeping` first, then
`importing` and `retention`.
"""
