# SPDX-License-Identifier: Apache-2.0
"""The keys: the master key, what it protects, and the certificates that central trusts.

The master key is in a file or in a PKCS #11 token. It wraps everything secret in the database, and
unblocking keys and central's own signing key derive from it. The room also keeps the escrow journal
for the loss of the database, opens the sealed files in which keys are imported, and checks
certificates and signatures of cards. No secret leaves it except through a call that asks for it.
Read `master_key` first, then `escrow` and `trust_store`.
"""
