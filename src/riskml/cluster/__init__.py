"""Commands on several processes or machines: records divided by household, and Dask, which maps functions over them."""
