"""What a card's visits prove about its unblocking key."""
