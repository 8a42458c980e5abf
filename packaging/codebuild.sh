#!/usr/bin/env bash
# Runs `make package` in CodeBuild (cfn-templates/package-cfn.yaml). Installs a Rust toolchain, because the build
# machine is discarded afterwards; `make` itself never installs one. Reads S3_BUCKET_NAME and VERSION.
set -euo pipefail

rustup=1.28.2
rustup_sha256=20a06e644b0d9bd2fbdbfd52d42540bdde820ea7df86e92e533c073da0cdd43c
rust=$(sed -n 's/^rust-version = "\([0-9.]*\)".*/\1/p' Cargo.toml)

curl --fail --silent --show-error --retry 3 --proto '=https' --output rustup-init \
  "https://static.rust-lang.org/rustup/archive/$rustup/x86_64-unknown-linux-gnu/rustup-init"
echo "$rustup_sha256  rustup-init" | sha256sum --check --strict --quiet
chmod +x rustup-init
# rustup verifies its downloads by the hashes in the release's manifest.
./rustup-init -y --quiet --no-modify-path --profile minimal --default-toolchain "$rust" \
  --target x86_64-unknown-linux-gnu --target aarch64-unknown-linux-gnu
export PATH="$HOME/.cargo/bin:$PATH"

make package S3_BUCKET_NAME="$S3_BUCKET_NAME" VERSION="${VERSION:-}"
