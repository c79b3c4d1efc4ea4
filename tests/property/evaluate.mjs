// Lines of {"code", "data"} in, lines of {"value"} or {"error"} out: JSONata as its authors have it.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const jsonata = createRequire(process.argv[2])("jsonata");
const known = new Map();

for await (const line of createInterface({ input: process.stdin })) {
  const { code, states } = JSON.parse(line);
  try {
    if (!known.has(code)) known.set(code, jsonata(code));
    const value = await known.get(code).evaluate(undefined, { states });
    process.stdout.write(JSON.stringify(value === undefined ? {} : { value }) + "\n");
  } catch (error) {
    process.stdout.write(JSON.stringify({ error: String(error.message) }) + "\n");
  }
}
