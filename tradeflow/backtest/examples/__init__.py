"""Strategies to begin with; neither is meant to earn anything."""
