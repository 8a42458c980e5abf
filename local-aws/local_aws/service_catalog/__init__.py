"""AWS Service Catalog: portfolios, products and their versions, and the stacks that are provisioned from them."""
