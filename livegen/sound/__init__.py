"""Played music as sound, by FluidSynth and a sound font: a score as a WAV file, and notes at once.

FluidSynth is known in `livegen/sound/synth.py` only, which is loaded when somebody asks for sound (the extra `sound`).
"""
