"""Those who live on the exchange: makers who quote all the time, and a crowd that trades."""
