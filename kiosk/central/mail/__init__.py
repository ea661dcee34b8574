# SPDX-License-Identifier: Apache-2.0
"""The emails to cardholders: their wording in each language, and the transport that sends them.

Letters are values without an address; nothing of a code is printed or logged. A transport sends a
letter completely or raises MailFailed. `service.notices` decides when a letter is sent. Read
`letters` first, then `transport`.
"""
