#!/bin/sh
# Recreates the test certificates in this folder with openssl: a certificate authority, certificates that it
# signs, and a self-signed one. All share one key, which protects nothing.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
touch "$work/index"
cat > "$work/config" << END
[ca]
default_ca = authority
[authority]
database = $work/index
new_certs_dir = $work
rand_serial = yes
default_md = sha256
unique_subject = no
policy = any
[any]
commonName = supplied
[root]
basicConstraints = critical, CA:TRUE
keyUsage = keyCertSign
[localhost]
subjectAltName = DNS:localhost
[elsewhere]
subjectAltName = DNS:elsewhere.example
END

openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out key.pem

# name, common name, extensions, expiry, signer
certificate() {
  openssl req -new -key key.pem -subj "/CN=$2" -out "$work/request"
  openssl ca -batch -notext -config "$work/config" -extensions "$3" -startdate 20000101000000Z -enddate "$4" \
    -keyfile key.pem $5 -in "$work/request" -out "$1.pem" 2> "$work/log" || { cat "$work/log" >&2; exit 1; }
}

certificate authority "an authority, for tests" root 99991231235959Z -selfsign
certificate good localhost localhost 99991231235959Z "-cert authority.pem"
certificate expired localhost localhost 20010101000000Z "-cert authority.pem"
certificate other-host elsewhere.example elsewhere 99991231235959Z "-cert authority.pem"
certificate self-signed localhost localhost 99991231235959Z -selfsign
