// Runs a composite action as a runner does, as far as action.yml needs it: `if`, `env` and `with` are evaluated by
// GitHub's own expression library, `run` steps are executed by bash with the files of the environment, `uses` steps are
// recorded with what they would get.

import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { data, Evaluator, Lexer, Parser } from "@actions/expressions";
import { wellKnownFunctions } from "@actions/expressions/funcs";
import YAML from "yaml";

// A GitHub expression value made of plain JSON.
function value(json) {
  if (json === null || json === undefined) return new data.Null();
  if (typeof json === "string") return new data.StringData(json);
  if (typeof json === "boolean") return new data.BooleanData(json);
  if (typeof json === "number") return new data.NumberData(json);
  const pairs = Object.entries(json).map(([key, inner]) => ({ key, value: value(inner) }));
  return new data.Dictionary(...pairs);
}

function evaluate(expression, contexts, failed) {
  const status = { success: !failed, failure: failed, always: true, cancelled: false };
  const functions = Object.entries(status).map(([name, result]) => ({
    name, minArgs: 0, maxArgs: 0, call: () => new data.BooleanData(result),
  }));
  const { tokens } = new Lexer(expression).lex();
  const tree = new Parser(tokens, Object.keys(contexts), functions).parse();
  const table = new Map(functions.map((one) => [one.name, one]));
  for (const [name, one] of Object.entries(wellKnownFunctions)) table.set(name, one);
  return new Evaluator(tree, value(contexts), table).evaluate();
}

function truthy(result) {
  return !["", "false", "0", "null"].includes(result.coerceString()) || result.kind > 3;
}

function interpolate(text, contexts, failed) {
  return String(text).replace(/\$\{\{(.*?)\}\}/gs, (_, inner) => evaluate(inner, contexts, failed).coerceString());
}

function outputsIn(file) {
  const lines = fs.readFileSync(file, "utf8").split("\n").filter(Boolean);
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}

export function runAction(folder, workspace, given, event = {}) {
  const action = YAML.parse(fs.readFileSync(path.join(folder, "action.yml"), "utf8"));
  for (const name of Object.keys(given)) {
    if (!(name in action.inputs)) throw new Error(`the action has no input ${name}`);
  }
  const defaults = Object.entries(action.inputs).map(([name, input]) => [name, input.default ?? ""]);
  const temp = fs.mkdtempSync(path.join(os.tmpdir(), "runner "));
  const contexts = { inputs: { ...Object.fromEntries(defaults), ...given }, steps: {}, github: { event } };
  const summary = path.join(temp, "summary");
  fs.writeFileSync(summary, "");
  const result = { code: 0, log: "", uses: [], temp };
  for (const step of action.runs.steps) {
    const condition = (step.if ?? "success()").replace(/^\$\{\{(.*)\}\}$/s, "$1");
    const failed = result.code !== 0;
    // Without a status function, a condition holds only as long as nothing has failed.
    const named = /\b(success|failure|always|cancelled)\(/.test(condition);
    if ((!named && failed) || !truthy(evaluate(condition, contexts, failed))) continue;
    const filled = (fields) => Object.fromEntries(
      Object.entries(fields ?? {}).map(([name, text]) => [name, interpolate(text, contexts, failed)]),
    );
    if (step.uses) {
      result.uses.push({ uses: step.uses, with: filled(step.with) });
      continue;
    }
    const output = path.join(temp, `output-${step.id ?? "none"}`);
    fs.writeFileSync(output, "");
    const ran = spawnSync("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", interpolate(step.run, contexts, failed)], {
      cwd: workspace,
      encoding: "utf8",
      env: {
        PATH: process.env.PATH, HOME: process.env.HOME, ...filled(step.env),
        GITHUB_ACTION_PATH: folder, GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: summary, RUNNER_TEMP: temp,
      },
    });
    result.log += ran.stdout + ran.stderr;
    if (ran.status !== 0 && result.code === 0) result.code = ran.status;
    if (step.id) contexts.steps[step.id] = { outputs: outputsIn(output) };
  }
  const outputs = Object.entries(action.outputs).map(([name, one]) => [name, interpolate(one.value, contexts, false)]);
  return { ...result, outputs: Object.fromEntries(outputs), summary: fs.readFileSync(summary, "utf8") };
}

// The commands that the runner would take from a log, as Actions' own rules have it.
export function commands(log) {
  const taken = [];
  let stopped = null;
  for (const line of log.split("\n").map((line) => line.trimStart())) {
    if (stopped !== null) {
      if (line.trim() === `::${stopped}::`) stopped = null;
    } else if (line.startsWith("::stop-commands::")) {
      stopped = line.slice("::stop-commands::".length).trim();
    } else if (line.startsWith("::") || line.includes("##[")) {
      taken.push(line);
    }
  }
  return taken;
}
