"""What happens to an account's orders and money, told to whoever may hear of it."""
