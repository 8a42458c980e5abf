"""The operators, one module a family. Importing a module registers its operators."""
