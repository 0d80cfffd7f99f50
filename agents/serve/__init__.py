"""The serve process: output topics to the serving store in Redis; queries, the live page and its updates over HTTP."""
