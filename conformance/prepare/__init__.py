"""Makes a target ready: identified, introspected, beside its source, its cases selected."""
