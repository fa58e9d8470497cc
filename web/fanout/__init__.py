"""From one message to all who listen, each as fast as it reads and no faster."""
