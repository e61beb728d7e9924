"""What of the log leaves the house: whole exports, tiles for other people's software, one case's bundle."""
