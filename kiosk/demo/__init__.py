"""The demonstration: everything on one machine, a simulated card, and a pilot for the screen."""
