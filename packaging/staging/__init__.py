"""`make package`: what was built and the templates become objects of an S3 bucket, to deploy from.

`errors` what is said when something cannot be done; `place` where objects go, and their URLs; `artifacts` the
files that were built; `templates` the templates with their parameters' defaults written in; `versions` the
versions of the product, old and new; `bucket` the bucket and its objects; `stage` the order in which it
happens.
"""
