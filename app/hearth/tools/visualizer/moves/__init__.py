"""What moves the pictures: `moves(analysis)` brings an `Analysis` to what `web/visualizer` gives to its shaders."""

from hearth.tools.visualizer.moves.moves import CURVES, WAVE_RATE, Moves, moves

__all__ = ["CURVES", "WAVE_RATE", "Moves", "moves"]
