# SPDX-License-Identifier: Apache-2.0
"""The parts that every request uses: services, authentication, sessions, throttle and notices.

`assembly` puts the services together once. A request runs as a `Work`: one transaction of one
caller at one moment. Attempts are counted before they are evaluated, and letters are queued in the
transaction that they report. Read `sessions` first, then `throttle` and `notices`.
"""
