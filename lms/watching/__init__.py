"""What a viewer gets and how much of it was watched."""
