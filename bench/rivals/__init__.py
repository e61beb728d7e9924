"""One small business row for each way of keeping a record of its changes."""
