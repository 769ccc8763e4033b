#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: interface.py [--messages FILE]

Holds config/interface together: each sample fits its schema, each schema notices a strange member and
one of another type anywhere in it, README.md tells of each member, and its commands work. With --messages, the same for
what a gateway has sent, one "topic payload" a line, as mosquitto_sub -F '%t %p' writes it. Exit 0 or 1.
Knows just the schema words that are used here and refuses all others, so that nothing goes unchecked."""
import copy, json, pathlib, re, shutil, subprocess, sys, tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
FOLDER = ROOT / "config/interface"
SILENT = {"$schema", "$id", "$defs", "title", "description"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int}
SCHEMAS = {p.name: json.loads(p.read_text(encoding="utf-8")) for p in FOLDER.glob("*.schema.json")}


def is_type(value, name):
    return isinstance(value, TYPES[name]) and (name != "integer" or not isinstance(value, bool))


def resolve(ref, file):
    name, _, pointer = ref.partition("#")
    file = name or file
    node = SCHEMAS[file]
    for key in pointer.strip("/").split("/"):
        node = node[key]
    return node, file


def object_faults(schema, value, file, where):
    properties = schema.get("properties", {})
    for key in schema.get("required", []):
        if key not in value:
            yield f"{where}/{key}: missing"
    for key, member in value.items():
        rule = properties.get(key, schema.get("additionalProperties", True))
        if rule is False:
            yield f"{where}/{key}: not known"
        elif rule is not True:
            yield from faults(rule, member, file, f"{where}/{key}")


def faults(schema, value, file, where=""):
    """All that is wrong with value, one text each."""
    for word, arg in schema.items():
        if word == "$ref":
            target, target_file = resolve(arg, file)
            yield from faults(target, value, target_file, where)
        elif word == "type":
            if not is_type(value, arg):
                yield f"{where}: not of type {arg}"
                return
        elif word in ("const", "enum"):
            if not any(type(value) is type(v) and value == v for v in ([arg] if word == "const" else arg)):
                yield f"{where}: {value!r} is not in {arg!r}"
        elif word == "pattern":
            if not isinstance(value, str) or not re.search(arg, value):
                yield f"{where}: {value!r} does not match {arg}"
        elif word == "minimum":
            if value < arg:
                yield f"{where}: {value} is less than {arg}"
        elif word == "maximum":
            if value > arg:
                yield f"{where}: {value} is more than {arg}"
        elif word in ("minLength", "maxLength"):
            if isinstance(value, str) and (len(value) < arg if word == "minLength" else len(value) > arg):
                yield f"{where}: {len(value)} characters, {word} is {arg}"
        elif word == "maxItems":
            if len(value) > arg:
                yield f"{where}: more than {arg} items"
        elif word == "items":
            for i, item in enumerate(value):
                yield from faults(arg, item, file, f"{where}/{i}")
        elif word == "properties" or (word == "additionalProperties" and "properties" not in schema):
            yield from object_faults(schema, value, file, where)
        elif word not in SILENT and word not in ("required", "additionalProperties"):
            raise SystemExit(f"{file}: '{word}' is not understood here")


def check(name, text):
    """All that is wrong with a message of this kind."""
    value = json.loads(text)
    plain = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    if plain != text:
        yield "not canonical"
    yield from faults(SCHEMAS[f"{name}.schema.json"], value, f"{name}.schema.json")


def mutants(value):
    """Copies of value, each with one thing wrong; with the place of it."""
    def walk(node, path):
        keys = node.keys() if isinstance(node, dict) else range(min(1, len(node))) if isinstance(node, list) else ()
        for key in keys:
            yield path + [key]
            yield from walk(node[key], path + [key])

    for path in list(walk(value, [])):
        for wrong in ("strange", "type"):
            other = copy.deepcopy(value)
            node = other
            for key in path[:-1]:
                node = node[key]
            if wrong == "type":
                node[path[-1]] = 0.5
            elif isinstance(node[path[-1]], dict):
                node[path[-1]]["a stranger"] = {"to": "everyone"}
            else:
                continue
            yield f"{wrong} at {path}", other


def check_samples():
    faulty = 0
    names = {p.name.removesuffix(".schema.json") for p in FOLDER.glob("*.schema.json")} - {"common"}
    samples = {p.stem for p in (FOLDER / "samples").glob("*.json")}
    for sample in sorted(names | samples):
        name = sample.partition("-")[0]  # "command-proof": another one of that kind
        text = (FOLDER / "samples" / f"{sample}.json").read_text(encoding="utf-8")
        found = list(check(name, text))
        schema, file = SCHEMAS[f"{name}.schema.json"], f"{name}.schema.json"
        for what, other in mutants(json.loads(text)):
            if not list(faults(schema, other, file)):
                found.append(f"the schema does not notice: {what}")
        for fault in found:
            print(f"{sample}: {fault}")
        faulty += bool(found)
    golden = (ROOT / "tests/unit/publish/golden/telemetry.json").read_text(encoding="utf-8").rstrip("\n")
    for fault in check("telemetry", golden):
        print(f"golden telemetry: {fault}")
        faulty += 1
    print(f"{len(names)} schemas with their samples, {faulty} with faults")
    return faulty


def member_names(node):
    if isinstance(node, dict):
        yield from node.get("properties", {})
        for value in node.values():
            yield from member_names(value)
    elif isinstance(node, list):
        for value in node:
            yield from member_names(value)


def check_readme():
    """Each member is told of, and the commands that it gives a reader do what it says."""
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`([a-z_0-9]+)`", text + (FOLDER / "commands.md").read_text(encoding="utf-8")))
    faulty = 0
    for file, schema in sorted(SCHEMAS.items()):
        for name in sorted(set(member_names(schema)) - told - {"record", "document", "command", "reply", "sig", "zh", "en"}):
            print(f"README.md: does not tell of {name} ({file})")
            faulty += 1
    script = re.search(r"```sh\n(.*?)```", text, re.DOTALL).group(1)
    with tempfile.TemporaryDirectory() as tmp:
        shutil.copytree(FOLDER / "samples", tmp, dirs_exist_ok=True)
        done = subprocess.run(["sh", "-eu", "-c", script], cwd=tmp, capture_output=True, text=True)
    lead, evidence = (json.loads((FOLDER / f"samples/{n}.json").read_text(encoding="utf-8"))["record"]
                      for n in ("lead", "evidence"))
    chain = [json.loads(line)["record"] for line in (FOLDER / "samples/chain.jsonl").read_text(encoding="utf-8").splitlines()]
    after = next(r for r in chain if r["chain"] == lead["chain"] and r["seq"] == lead["seq"] + 1)
    wanted = ["Signature Verified Successfully", lead["kid"], after["prev"], evidence["evidence"]["sha256"]]
    if done.returncode != 0 or done.stdout.splitlines() != wanted or evidence["record"] != lead["id"]:
        print(f"README.md: its commands say {done.stdout}{done.stderr}, wanted {wanted}")
        faulty += 1
    return faulty


def check_messages(lines):
    faulty, kinds = 0, {}
    for line in lines:
        topic, _, text = line.partition(" ")
        name = topic.split("/")[3]
        name = "request" if name == "command" else name
        if name == "record":
            name = json.loads(text)["record"]["class"]
        name = "window" if name == "evidence" and "/evidence/" in topic else name
        kinds[name] = kinds.get(name, 0) + 1
        for fault in check(name, text):
            print(f"{topic}: {fault}")
            faulty += 1
    print(", ".join(f"{n} {k}" for k, n in sorted(kinds.items())) + f": {faulty} faults")
    return faulty or not kinds


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "--messages":
        sys.exit(bool(check_messages(pathlib.Path(sys.argv[2]).read_text(encoding="utf-8").splitlines())))
    if len(sys.argv) != 1:
        sys.exit(__doc__)
    sys.exit(bool(check_samples() + check_readme()))


if __name__ == "__main__":
    main()
