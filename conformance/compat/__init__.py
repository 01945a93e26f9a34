"""An older and a newer schema beside each other, and what a change means to clients."""
