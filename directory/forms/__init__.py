"""Forms, and the fields every form of the house is made of."""
