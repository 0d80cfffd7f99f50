"""A Faust transport that carries blocks of records, and one fenced transaction per flush."""
