"""The page of the background remover: its queue, its jobs, what the person sees."""
