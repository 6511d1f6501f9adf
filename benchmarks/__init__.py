"""What the program promises, measured."""
