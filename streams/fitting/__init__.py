"""What a history teaches: a brand's churn parameters, and how to tell whether a ranking is any good."""
