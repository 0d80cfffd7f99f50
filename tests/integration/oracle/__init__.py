"""The naive oracle: the product's definitions once more, in plain Python, sharing no code with the program."""
