"""Connects local-aws to ministack, and fixes ministack where it differs from AWS."""
