"""Study meetings on request: a union or a regional block asks, the organiser answers."""
