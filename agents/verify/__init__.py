"""The proof in production: fans worked out anew from the input topics, beside what is published."""
