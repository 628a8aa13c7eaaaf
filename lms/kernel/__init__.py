"""The standard library only: what every feature may rely on."""
