#!/usr/bin/env bash
# Holds action.yml, the workflows and the hooks against their schemas and against zizmor. Tools that are missing are
# installed into a virtual environment and a folder of npm below target/.
set -euo pipefail
cd "$(dirname "$0")/../.."
source tests/tools/tools.sh

python_tools check-jsonschema==0.39.0 zizmor==1.32.0 pre-commit==4.7.0
check-jsonschema --builtin-schema vendor.github-actions action.yml
check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
pre-commit validate-manifest .pre-commit-hooks.yaml
zizmor --offline --collect=all --persona=pedantic action.yml .github/workflows
npm_tools @action-validator/core@0.6.0 @action-validator/cli@0.6.0
# Its schema of 2024 does not know the permission `attestations`, so release.yml is left to the two others.
for file in action.yml .github/workflows/ci.yml; do "$npm/node_modules/.bin/action-validator" "$file"; done
echo "action.yml, workflows and hooks are in order"
