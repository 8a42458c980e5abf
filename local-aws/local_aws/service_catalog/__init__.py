"""AWS Service Catalog: portfolios, products and their versions, and the stacks made from them."""
