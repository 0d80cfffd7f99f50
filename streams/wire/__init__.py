"""Records as bytes, read and written by kernels: a block of thousands without a Python object each."""
