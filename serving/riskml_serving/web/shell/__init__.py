"""What all pages share: the visitor, layout, forms, error pages, words, region names and workbooks."""
