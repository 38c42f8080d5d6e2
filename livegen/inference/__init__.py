"""The model as the engine sees it: what it must offer, how it is loaded, how its answers are drawn."""
