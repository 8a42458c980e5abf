"""`make smoke-aws`: what local-aws cannot show, checked in a real account, cheapest first.

`checks` is the table of contents. A check is a function of a `World`: it asks AWS through one narrow gate
(`aws`), which a dry run replaces by one that prints each call (`rehearsal`); what it is about to make it
first writes into a `ledger`, by which everything is removed, however the check ends; what it sees becomes
verdicts on `claims`, sentences of the documentation.
"""
