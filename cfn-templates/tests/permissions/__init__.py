"""The proof that the templates' permissions suffice, and that they grant nothing else.

Needs (:mod:`needs`, :mod:`duties`) become requests (:mod:`requests`); two policy simulators decide them
(:mod:`judges`); a policy is taken apart into grants, each of which must be missed when it is taken away
(:mod:`grants`); what must stay denied is derived from the needs (:mod:`canaries`); :mod:`proof` puts it
together. docs/semantics.md says what this shows and what it does not.
"""
