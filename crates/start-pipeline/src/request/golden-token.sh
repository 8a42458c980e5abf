#!/bin/sh
# Computes golden-token.txt independently: each field is preceded by its length as eight bytes, big-endian.
field() {
  length=$(printf %s "$1" | wc -c)
  # shellcheck disable=SC2059 # the format string contains octal escapes on purpose
  printf "\\000\\000\\000\\000\\000\\000\\000\\$(printf %03o "$length")"
  printf %s "$1"
}
{
  field ingest-p-1
  field amzn-s3-demo-bucket
  field 'landing/전복 1+1.csv'
  field 0062E99A88DC407460
} | sha256sum | cut -d ' ' -f 1
