## SPDX-License-Identifier: Apache-2.0
# SPDX-License-Identifier: Apache-2.0
"""${message.capitalize()}."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """From ${"an empty database" if down_revision is None else down_revision} to ${up_revision}."""
    ${"\n".join(line for line in upgrades.splitlines() if "###" not in line).strip()}
