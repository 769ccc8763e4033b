// SPDX-License-Identifier: Apache-2.0
// usage: jsonfeed.js SCHEMA FILE...: validates files with ajv; prints what is wrong with the first, ends with 1.
const fs = require("fs");
const Ajv = require("ajv");

const [schema, ...files] = process.argv.slice(2);
const valid = new Ajv({ allErrors: true }).compile(JSON.parse(fs.readFileSync(schema, "utf8")));
for (const file of files) {
  if (!valid(JSON.parse(fs.readFileSync(file, "utf8")))) {
    console.log(file, JSON.stringify(valid.errors, null, 1));
    process.exit(1);
  }
}
