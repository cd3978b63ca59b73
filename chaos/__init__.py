"""What goes wrong on a server, done on purpose to servers of one's own."""
