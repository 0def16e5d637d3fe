"""A third party's domain, as small as one can be: a shop with products and sales."""
