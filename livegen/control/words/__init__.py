"""Wishes in words become values of controls: "slow minor waltz, sparse", "etwas schneller", "慢速小调圆舞曲".

    reading = read("slow blues in A, no drums", present)
    reading.sets      # {"tempo": 66, "style": "leadsheet_blues", "scale": "A mixolydian", "drums_mute": "on"}
    reading.unknown   # words that say nothing to it

The meanings of genres stand in `livegen.music.words.genres`, those of all other words in words.yaml; how they are read,
in `reading`, and what comes of it in `wanted`.  No network, no files but the table; with the extra `words`
an encoder of sentences (`sentence_encoder`) takes words that are in no table for words that are, where somebody asks
for it.
"""

from livegen.control.words.reading import is_name, is_wish, read, with_names
from livegen.control.words.vocabulary import Vocabulary, shipped
from livegen.control.words.wanted import Reading

__all__ = ["Reading", "Vocabulary", "is_name", "is_wish", "read", "shipped", "with_names"]
