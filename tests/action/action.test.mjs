// The steps of action.yml, executed for real. PICKSCAN names the binary; `npm test` in this folder runs it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { commands, runAction } from "./composite.mjs";

const root = process.env.PICKSCAN_ROOT ?? path.resolve(import.meta.dirname, "../..");
const binary = process.env.PICKSCAN ?? path.join(root, "target/debug/pickscan");
const EVIL = "cos\nsystem\n(S'id'\ntR.";
const GOOD = Buffer.from("\x80\x02]q\x00.", "latin1");

function workspace(files) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "work space "));
  // Where a search for a configuration ends.
  fs.mkdirSync(path.join(folder, ".git"));
  for (const [name, bytes] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), bytes);
  }
  return folder;
}

const run = (folder, inputs = {}, event = {}) => runAction(root, folder, { binary, ...inputs }, event);

test("a good tree passes and is uploaded", () => {
  const result = run(workspace({ "models/a.pkl": GOOD, "b.txt": "text" }));
  assert.equal(result.code, 0, result.log);
  assert.equal(result.outputs["exit-code"], "0");
  assert.equal(result.outputs.dangerous, "0");
  assert.match(result.summary, /Nothing was found/);
  assert.equal(result.uses.length, 1);
  assert.match(result.uses[0].uses, /^github\/codeql-action\/upload-sarif@[0-9a-f]{40}$/);
  assert.ok(JSON.parse(fs.readFileSync(result.uses[0].with.sarif_file, "utf8")).runs);
  assert.deepEqual(commands(result.log), []);
});

test("a bad tree fails behind the upload, with annotations and a summary", () => {
  const result = run(workspace({ "a.pkl": EVIL, "b.pkl": GOOD }));
  assert.equal(result.code, 1, result.log);
  assert.deepEqual([result.outputs["exit-code"], result.outputs.dangerous], ["1", "1"]);
  assert.equal(result.uses.length, 1);
  const [annotation] = commands(result.log);
  assert.match(annotation, /^::error file=a\.pkl,line=1,title=/);
  assert.match(result.summary, /🛑&nbsp;critical/);
  assert.match(result.log, /a\.pkl: dangerous[^]*where byte 0, GLOBAL/);
});

test("thresholds, configuration, upload and annotations are settable", () => {
  const folder = workspace({ "a.pkl": EVIL, "pickscan.toml": "fail-on = 'never'" });
  const quiet = run(folder, { "upload-sarif": "false", annotations: "false" });
  assert.deepEqual([quiet.code, quiet.uses.length, commands(quiet.log)], [0, 0, []]);
  assert.equal(run(folder, { isolated: "true" }).code, 1);
  assert.equal(run(folder, { "fail-on": "dangerous" }).code, 1);
  assert.equal(run(folder, { args: "--exclude\n*.pkl\n", isolated: "true" }).code, 0);
});

test("git's own folder is left out, and said to be", () => {
  const folder = workspace({ "a.pkl": GOOD, ".git/lfs/objects/ab/cd/abcd": EVIL });
  const result = run(folder);
  assert.equal(result.code, 0, result.log);
  assert.match(result.log, /not counted: 1 file or folder left out by patterns/);
  assert.equal(run(folder, { paths: ".git" }).code, 1);
});

test("a missing path is an error, which can be allowed", () => {
  const folder = workspace({ "a.pkl": GOOD });
  const result = run(folder, { paths: "a.pkl\ngone.pkl\n" });
  assert.deepEqual([result.code, result.outputs.incomplete], [2, "1"], result.log);
  assert.match(commands(result.log)[0], /^::warning file=gone\.pkl.*does not exist/);
  assert.equal(run(folder, { paths: "gone.pkl", "allow-incomplete": "true" }).code, 0);
});

test("a wrong input is an error and nothing is uploaded", () => {
  const result = run(workspace({ "a.pkl": GOOD }), { "fail-on": "sometimes" });
  assert.equal(result.code, 2);
  assert.equal(result.uses.length, 0);
  assert.throws(() => run(workspace({}), { path: "." }), /no input path/);
});

test("names of files are no commands, no options and no markup", () => {
  const names = [
    "::set-env name=PATH::x.pkl", "a\n::stop-commands::t.pkl", "##[add-mask]a.pkl", "--fail-on=never", "-",
    "$(touch owned).pkl", "`touch owned`.pkl", "<img src=x>|[a](b).pkl", "a b;c'd\"e.pkl", "%0A::error::x.pkl",
    "\u202ecod.pkl", "\x1b[2J.pkl", "explain",
  ];
  const folder = workspace(Object.fromEntries(names.map((name) => [name, EVIL])));
  const result = run(folder);
  assert.equal(result.code, 1, result.log);
  assert.equal(result.outputs.dangerous, String(names.length));
  for (const command of commands(result.log)) {
    assert.match(command, /^::(error|warning|notice) (file=[^,:]*,line=1,)?title=[a-z -]+::/);
    assert.ok(!command.includes("##["), command);
  }
  assert.ok(commands(result.log).length <= 30);
  assert.doesNotMatch(result.summary, /<img|\]\(|\x1b|\u202e/);
  assert.ok(!fs.existsSync(path.join(folder, "owned")));
  const listed = run(folder, { paths: names.filter((name) => !name.includes("\n")).join("\n") });
  assert.equal(listed.outputs.dangerous, String(names.length - 1), listed.log);
});

test("inputs are no commands", () => {
  const folder = workspace({ "a.pkl": GOOD });
  const evil = "$(touch owned)`touch owned`\"; touch owned; '";
  for (const name of ["paths", "config", "baseline", "args", "fail-on", "category", "log-view"]) {
    run(folder, { [name]: evil });
    assert.ok(!fs.existsSync(path.join(folder, "owned")), name);
  }
});

test("pointers of Git LFS are counted and fail unless that is allowed", () => {
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${"0".repeat(64)}\nsize 12345\n`;
  const folder = workspace({ "a.pt": pointer });
  const result = run(folder);
  assert.deepEqual([result.code, result.outputs["lfs-pointers"], result.outputs.incomplete], [2, "1", "1"], result.log);
  assert.ok(commands(result.log).some((one) => /1 Git LFS pointers .* `lfs: true`/.test(one)), result.log);
  assert.equal(run(folder, { "allow-incomplete": "true" }).code, 0);
});

test("only what has changed is scanned, and all where that cannot be told", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "repository "));
  const git = (...args) => execFileSync("git", ["-C", folder, "-c", "user.name=a", "-c", "user.email=a@b", ...args], { encoding: "utf8" }).trim();
  git("init", "-q");
  fs.writeFileSync(path.join(folder, "old.pkl"), EVIL);
  git("add", ".");
  git("commit", "-qm", "old");
  const before = git("rev-parse", "HEAD");
  const push = { before };
  const inputs = { "changed-only": "true" };
  const nothing = run(folder, inputs, push);
  assert.deepEqual([nothing.code, nothing.uses.length], [0, 0], nothing.log);
  fs.writeFileSync(path.join(folder, "new \u00e9\nb.pkl"), GOOD);
  git("add", ".");
  git("commit", "-qm", "new");
  const changed = run(folder, inputs, push);
  assert.equal(changed.code, 0, changed.log);
  assert.match(changed.log, /1 clean in 1 file/);
  const pull = run(folder, inputs, { pull_request: { base: { sha: before } } });
  assert.equal(pull.code, 0, pull.log);
  for (const unknown of ["0".repeat(40), "", "HEAD"]) {
    const all = run(folder, inputs, { before: unknown });
    assert.equal(all.code, 1, all.log);
    assert.match(all.log, /cannot be told/);
  }
});
