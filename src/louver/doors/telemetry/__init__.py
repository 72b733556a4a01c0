"""What is told of requests to those who operate the gateway; never content, never a person."""
