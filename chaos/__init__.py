"""What goes wrong on servers, done on purpose to servers of one's own, on 127.0.0.1 and bounded."""
