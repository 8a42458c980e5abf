"""AWS Service Catalog: portfolios, products, versions, and their stacks."""
