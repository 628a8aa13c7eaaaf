"""Tomoni: a platform on which a federation of trade unions trains its people."""
