"""The page of the visualizer: the track, what is heard of it, what the person sees."""
