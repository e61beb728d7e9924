"""What the pages of the log are asked, read from addresses and forms."""
