"""What the orders stage did, judged by cause and content: its three inputs have no one order."""
