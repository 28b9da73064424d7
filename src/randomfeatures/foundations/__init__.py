"""What every part of the book rests on: what belongs to no chapter alone."""
