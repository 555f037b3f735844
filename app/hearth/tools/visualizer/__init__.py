"""The visualizer: a track is heard, and seen."""
