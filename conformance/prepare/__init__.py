"""Makes a target ready: identifies and introspects it, finds its source, selects its cases."""
