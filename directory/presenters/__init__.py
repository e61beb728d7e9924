"""What pages show of the directory."""
