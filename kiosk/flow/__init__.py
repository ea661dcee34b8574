# SPDX-License-Identifier: Apache-2.0
"""The flow, pure: `step(state, event) -> (state, effects)` and `render(state) -> View`.

It decides everything that the kiosk does at its screen, without I/O, clock or widgets, so all of it
can be tested without them.
"""

from kiosk.flow.drawing.out_of_order import out_of_order, out_of_order_at_rest
from kiosk.flow.machine import step
from kiosk.flow.render import render
from kiosk.flow.signalling import signal
from kiosk.flow.state import Site, State

__all__ = ["Site", "State", "out_of_order", "out_of_order_at_rest", "render", "signal", "step"]
