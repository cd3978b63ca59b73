"""Attacks on servers of one's own, on 127.0.0.1 and bounded: by strangers and by neighbours."""
