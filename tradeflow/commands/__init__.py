"""The commands, one module each. They import what is heavy inside their functions."""
