"""`make package`: stages the built programs and the templates in an S3 bucket, to deploy from.

- `errors`: error messages and exit codes
- `place`: bucket, keys and URLs
- `artifacts`: the built files
- `templates`: the templates, with their parameters' defaults filled in
- `versions`: the product's versions
- `bucket`: the bucket and its objects
- `stage`: the order of staging
"""
