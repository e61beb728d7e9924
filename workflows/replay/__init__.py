"""2012-13 again, by the same actions and the same flow as the pages use, with a Coalition seat on every panel."""
