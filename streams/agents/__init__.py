"""The stages, one module each: decode → domain → tables → send, and no business of their own."""
