# Sourced by the scripts beside it: tools of other ecosystems, installed once below target/tools.
# PICKSCAN_TOOLS names a folder to share between checkouts.

tools=${PICKSCAN_TOOLS:-$PWD/target/tools}
npm=$tools/npm
mkdir -p "$npm"
export PATH="$tools/venv/bin:$PATH"

python_tools() {
  [[ -d $tools/venv ]] || python3 -m venv "$tools/venv"
  "$tools/venv/bin/pip" install --quiet --disable-pip-version-check "$@"
}

npm_tools() {
  [[ -f $npm/package.json ]] || echo '{"private": true}' >"$npm/package.json"
  (cd "$npm" && npm install --silent --no-audit --no-fund "$@")
}
