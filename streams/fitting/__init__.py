"""What is learned from history: a brand's churn parameters, and how to tell whether a ranking is any good."""
