"""Commands on whole histories and labelled texts: fit, backtest, sentiment."""
