#!/usr/bin/env bash
# Puts the path of a pickscan into the output `pickscan`: the one that was named, else the release of this version if
# its checksum stands in checksums.txt of this very checkout, else one built from this checkout.
set -euo pipefail

found() {
  echo "pickscan=$1" >>"$GITHUB_OUTPUT"
  "$1" --version
}

if [[ -n ${PICKSCAN_BINARY:-} ]]; then
  found "$PICKSCAN_BINARY"
  exit
fi

version=$(sed -n 's/^version = "\([0-9A-Za-z.+-]*\)"$/\1/p' "$GITHUB_ACTION_PATH/Cargo.toml" | head -n 1)
case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) target=x86_64-unknown-linux-musl ;;
  Linux-aarch64) target=aarch64-unknown-linux-musl ;;
  Darwin-x86_64) target=x86_64-apple-darwin ;;
  Darwin-arm64) target=aarch64-apple-darwin ;;
  *) target=unknown ;;
esac
archive="pickscan-$version-$target.tar.gz"
root="$RUNNER_TEMP/pickscan-$version"
mkdir -p "$root/bin"

# The checksum comes with the commit that the workflow pins, not from where the archive does.
if checksum=$(grep -F "  $archive" "$GITHUB_ACTION_PATH/action/checksums.txt"); then
  url="https://github.com/pickscan/pickscan/releases/download/v$version/$archive"
  curl --proto '=https' --tlsv1.2 -fsSL --retry 3 -o "$root/$archive" "$url"
  (cd "$root" && if command -v sha256sum >/dev/null; then sha256sum -c -; else shasum -a 256 -c -; fi) <<<"$checksum"
  tar -xzf "$root/$archive" -C "$root/bin" --strip-components 1
else
  echo "No release of pickscan $version for this system; it is built from source."
  cargo install --locked --quiet --root "$root" --path "$GITHUB_ACTION_PATH"
fi
found "$root/bin/pickscan"
