"""What every page shares: sign-in, layout, forms, words, names and charts."""
