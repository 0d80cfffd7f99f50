// Prints what AsyncAPI's own parser says of a document; exit code 1 if it is no AsyncAPI document.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const { document, diagnostics: all } = await new Parser().parse(readFileSync(process.argv[2], "utf8"));
// Errors and warnings; what is mere information (a newer AsyncAPI exists) is no fault.
const diagnostics = all.filter(({ severity }) => severity < 2);
for (const { severity, message, path } of diagnostics) console.error(`${severity} ${path.join(".")}: ${message}`);
if (!document) process.exit(1);
const channels = document
  .channels()
  .all()
  .map((channel) => channel.address());
const operations = document
  .operations()
  .all()
  .map((one) => `${one.action()} ${one.channels().all()[0].address()}`);
const examples = document
  .messages()
  .all()
  .flatMap((one) => one.examples().all()).length;
console.log(JSON.stringify({ channels, operations, examples, diagnostics: diagnostics.length }));
