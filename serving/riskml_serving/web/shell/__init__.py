"""What all pages share: sign-in, layout, forms, words, names and charts."""
