// Reads a JSON array of Kubernetes resources, writes a JSON array: for each what is wrong, null where nothing is.
// The kinds' schemas check values; they let unknown fields pass, so the TypeScript compiler looks for those.
import { readFileSync } from "node:fs";
import ts from "typescript";

const HOMES = {
  "keda.sh": "@kubernetes-models/keda",
  "monitoring.coreos.com": "@kubernetes-models/prometheus-operator",
  "kafka.strimzi.io": "@kubernetes-models/strimzi-kafka-operator",
};

async function problem(resource) {
  const home = HOMES[resource.apiVersion.split("/")[0]];
  const module = `${home}/${resource.apiVersion}`;
  let kinds = {};
  try {
    kinds = await import(module);
  } catch {} // reported below
  const Kind = kinds[resource.kind];
  if (!Kind) return `no schema of ${resource.apiVersion} ${resource.kind}`;
  try {
    new Kind(resource).validate();
  } catch (error) {
    return error.message;
  }
  return unknownField(module, resource);
}

function unknownField(module, resource) {
  const file = `${import.meta.dirname}/resource.ts`;
  const text =
    `import type { I${resource.kind} } from "${module}";\n`
    + `export const resource: I${resource.kind} = ${JSON.stringify(resource, null, 1)};\n`;
  const options = { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ESNext, noEmit: true, skipLibCheck: true };
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, text, options.target) : getSourceFile(name, ...rest);
  const found = ts.getPreEmitDiagnostics(ts.createProgram([file], options, host));
  return found.length ? ts.flattenDiagnosticMessageText(found[0].messageText, " ") : null;
}

const problems = [];
for (const resource of JSON.parse(readFileSync(0, "utf8"))) problems.push(await problem(resource));
console.log(JSON.stringify(problems));
