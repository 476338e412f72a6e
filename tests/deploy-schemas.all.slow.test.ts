/**
 * Checks the files in deploy/ that start containers against their schemas: Kubernetes' API, by the definitions that each
 * of its versions publishes, and the Compose specification, with the references between services, secrets and volumes.
 */
import { beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pythonWith } from "./harness/python.ts";

const DEPLOY = resolve(import.meta.dir, "../deploy");
const PACKAGES = ["kubernetes-validate==1.37.0", "compose-spec==0.2.1"];
/** Anchors are resolved first, and what only they name is left out. */
const COMPOSE = `
import sys, yaml
from compose_spec import PyCompose
parts = yaml.safe_load(sys.stdin)
compose = PyCompose.from_yaml(yaml.safe_dump({k: v for k, v in parts.items() if not k.startswith("x-")}))
compose.validate()
compose.to_spec()
`;
const INSTALL_MS = 300_000;

let python = "";
beforeAll(async () => {
  python = await pythonWith(PACKAGES);
}, INSTALL_MS);

function run(words: string[], stdin: string): { exitCode: number; said: string } {
  const { exitCode, stdout, stderr } = Bun.spawnSync([python, ...words], { stdin: Buffer.from(stdin) });
  return { exitCode, said: `${stdout}${stderr}` };
}

const composed = (text: string) => run(["-c", COMPOSE], text);

function manifest(text: string, version: string) {
  const folder = mkdtempSync(join(tmpdir(), "signalbox-manifest-"));
  try {
    writeFileSync(join(folder, "manifest.yaml"), text);
    const words = ["-m", "kubernetes_validate", "--strict", "-k", version, join(folder, "manifest.yaml")];
    return run(words, "");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const read = (name: string) => readFileSync(join(DEPLOY, name), "utf8");

test.each(["1.30", "1.34", "1.37"])("Kubernetes %s knows every field of the manifest", (version) => {
  const { exitCode, said } = manifest(read("kubernetes.yaml"), version);
  expect(said.match(/passed for resource/g)).toHaveLength(6);
  expect(exitCode).toBe(0);
});

test("a field that Kubernetes does not know is found", () => {
  const { exitCode, said } = manifest(
    read("kubernetes.yaml").replace("periodSeconds: 5", "periodSecond: 5"),
    "1.37",
  );
  expect(said).toContain("'periodSecond' was unexpected");
  expect(exitCode).toBe(1);
});

test.each(["compose.yaml", "compose-cluster.yaml"])("%s is as the Compose specification says", (name) => {
  expect(composed(read(name))).toEqual({ exitCode: 0, said: "" });
});

test("a key that Compose does not know, and a secret that is not declared, are found", () => {
  const text = read("compose-cluster.yaml");
  expect(composed(text.replace("mem_limit: 2g", "mem_limits: 2g")).said).toContain("mem_limits");
  expect(composed(text.replace("secrets: [postgres-password]", "secrets: [password]")).said).toContain(
    "secret `password`",
  );
});
