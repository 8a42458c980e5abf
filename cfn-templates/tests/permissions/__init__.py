"""Proves that the templates' permissions are sufficient and minimal.

- :mod:`needs` and :mod:`duties` list what must be allowed, as :mod:`requests`.
- :mod:`canaries` derives from the needs what must stay denied.
- :mod:`judges` decides requests with two policy simulators.
- :mod:`grants` splits a policy into grants. Removing any grant must deny a need.
- :mod:`proof` combines them.

docs/semantics.md explains what this proves and what it does not.
"""
