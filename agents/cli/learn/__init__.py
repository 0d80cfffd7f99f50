"""Commands that learn from history: fit, backtest, sentiment."""
