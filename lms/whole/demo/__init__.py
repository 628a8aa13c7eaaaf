"""The demo: its cast, its stories and its lectures. Nothing here runs outside demo mode."""
