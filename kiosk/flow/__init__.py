# SPDX-License-Identifier: Apache-2.0
"""The flow, pure: `step(state, event) -> (state, effects)` and `render(state) -> View`.

No I/O, no clock, no widgets: whatever the kiosk does at its screen is decided here, and can be
tested here without any of them.
"""

from kiosk.flow.hardware_events import out_of_order, out_of_order_at_rest
from kiosk.flow.machine import step
from kiosk.flow.render import render
from kiosk.flow.signal import signal
from kiosk.flow.state import Site, State

__all__ = ["Site", "State", "out_of_order", "out_of_order_at_rest", "render", "signal", "step"]
