"""The pure core: commands in, events out; it imports the standard library and schemas only.

``MATCHING.md`` beside this file holds the rules of the matching engine.
"""
