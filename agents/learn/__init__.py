"""Learning from files: labelled texts, histories, and the files that come out."""
