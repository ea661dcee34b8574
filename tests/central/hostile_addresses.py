# SPDX-License-Identifier: Apache-2.0
"""Addresses that would send a code elsewhere, or that mail servers may read differently."""

from __future__ import annotations

HOSTILE = [
    "attacker@=?utf-8?q?evil.example=2c?=.nhs.net",
    "=?utf-8?q?attacker=40evil.example=2c?=@nhs.net",
    "thief@evil.example>.nhs.uk",
    "thief@evil.example,x.nhs.uk",
    "thief@evil.example;x.nhs.uk",
    "thief@evil.example(x.nhs.uk",
    "thief@evil.example)x.nhs.uk",
    "thief@evil.example:x.nhs.uk",
    "thief@evil.example\\x.nhs.uk",
    "<thief@evil.example>@nhs.net",
    "thief@evil.example@nhs.net",
    "@evil.example:thief@nhs.net",
    "thief%evil.example@nhs.net",
    "evil.example!thief@nhs.net",
    "ann,example@nhs.net",
    "ann;example@nhs.net",
    '"thief@evil.example,"@nhs.net',
    '"ann example"@nhs.net',
    '"ann"@nhs.net',
    "ann(comment)@nhs.net",
    "ann@nhs.net(comment)",
    "ann@(evil.example)nhs.net",
    "Ann <ann@nhs.net>",
    "ann @nhs.net",
    " ann@nhs.net",
    "ann@nhs.net ",
    "ann@nhs.net\t",
    "ann@nhs.net\n",
    "ann\r\nBcc: thief@evil.example\r\n@nhs.net",
    "ann\x00@nhs.net",
    "ann\x7f@nhs.net",
    "ann@[127.0.0.1]",
    "ann@[IPv6:::1].nhs.net",
    "ann@nhs.net.",
    "ann@.nhs.net",
    "ann@x..nhs.uk",
    "ann@-x.nhs.uk",
    "ann@x-.nhs.uk",
    "ann@x_y.nhs.uk",
    ".ann@nhs.net",
    "ann.@nhs.net",
    "a..nn@nhs.net",
    "ann@xn--nhs-0na.nhs.uk",  # nøhs
    "ann@nhs.n\u0435t",  # Cyrillic
    "ann@\uff4ehs.net",  # full width, which normalises to nhs.net
    "ann@nhs\u3002net",  # an ideographic full stop
    "ann\uff20nhs.net",
    "\u0430nn@nhs.net",
    "ann@nh\u00ads.net",  # a soft hyphen
    f"{'a' * 65}@nhs.net",
    f"ann@{'a' * 64}.nhs.uk",
    f"{'a' * 60}@{'.'.join(['b' * 60] * 4)}.nhs.uk",
    "ann@",
    "@nhs.net",
    "nhs.net",
    "",
]
"""None of these is a valid address, however mail servers and headers read it."""

ELSEWHERE = ["ann@127.0.0.1", "ann@evil.example", "ann@evilnhs.net", "ann@nhs.net.evil.example"]
"""Well-formed addresses outside the trust."""
