/**
 * Checks the files in deploy/. Each is checked by its own program where Debian has that: nginx, Caddy, systemd.
 * Docker's needs a daemon and Traefik is not in Debian: of those only what they name is checked.
 */
import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { SETTINGS } from "../core/operations/config.ts";
import manifest from "../package.json" with { type: "json" };
import { clusterProxyConfig } from "./harness/cluster-proxy.ts";

const ROOT = resolve(import.meta.dir, "..");
const DEPLOY = join(ROOT, "deploy");
const scratch = mkdtempSync(join(tmpdir(), "signalbox-deploy-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const read = (name: string) => readFileSync(join(DEPLOY, name), "utf8");
function write(name: string, text: string): string {
  const path = join(scratch, name);
  writeFileSync(path, text);
  return path;
}

/** The program's output; a missing program fails the test: `bun run test` installs it. */
function run(...command: string[]): { exitCode: number; said: string } {
  const env = { ...process.env, HOME: scratch, XDG_DATA_HOME: scratch, XDG_CONFIG_HOME: scratch };
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, { env });
  return { exitCode, said: `${stdout}${stderr}` };
}

test.each(["as it stands", "below a path"])("nginx accepts its configuration, %s", (variant) => {
  const below = read("nginx.conf").replace(
    /^( {4})# (location = |location \/tools| {4}proxy_pass|\})/gm,
    "$1$2",
  );
  const snippet = variant === "below a path" ? below : read("nginx.conf");
  if (variant === "below a path") expect(snippet.match(/^ {4}location/gm)).toHaveLength(3);
  const server = snippet.replace("listen 80;", "listen 127.0.0.1:18080;");
  const path = write(
    "nginx.conf",
    `pid ${scratch}/pid; error_log stderr; events {}\nhttp { access_log off;\n${server}\n}`,
  );
  const { exitCode, said } = run("/usr/sbin/nginx", "-t", "-p", scratch, "-c", path);
  expect(said).toContain("test is successful");
  expect(exitCode).toBe(0);
});

test("nginx accepts the configuration for several servers", () => {
  const hosts = ["127.0.0.1:18001", "127.0.0.1:18002"];
  const path = write("cluster.conf", clusterProxyConfig(scratch, 18_080, hosts));
  for (const host of hosts) expect(readFileSync(path, "utf8")).toContain(`server ${host} `);
  expect(readFileSync(path, "utf8")).not.toContain("server-1");
  expect(run("/usr/sbin/nginx", "-t", "-p", scratch, "-c", path)).toMatchObject({ exitCode: 0 });
});

test("Caddy accepts its configuration", () => {
  const { exitCode, said } = run(
    ...["/usr/bin/caddy", "validate", "--adapter", "caddyfile", "--config", join(DEPLOY, "Caddyfile")],
  );
  expect(said).toContain("Valid configuration");
  expect(exitCode).toBe(0);
});

test("systemd accepts the unit and rates its isolation as good", () => {
  const unit = write(
    "signalbox.service",
    read("signalbox.service").replace("/usr/local/bin/signalbox", process.execPath),
  );
  expect(run("/usr/bin/systemd-analyze", "verify", unit)).toEqual({ exitCode: 0, said: "" });
  const { exitCode, said } = run(
    ...["/usr/bin/systemd-analyze", "security", "--offline=true", "--threshold=15", unit],
  );
  expect(said).toContain("Overall exposure level");
  expect(exitCode).toBe(0);
});

test("the image is built from this repository, by the pinned Bun, for a user without root rights", () => {
  const dockerfile = read("Dockerfile");
  expect(dockerfile).toContain(`FROM oven/bun:${manifest.devDependencies.bun} AS build`);
  for (const [, files] of dockerfile.matchAll(/^COPY (?!--from)(.+) \.\/$/gm))
    for (const file of files!.split(" ")) expect(existsSync(join(ROOT, file))).toBe(true);
  const [, script] = /^RUN bun run (\w+)$/m.exec(dockerfile)!;
  expect(manifest.scripts[script as "build"]).toContain("--outfile dist/signalbox");
  const last = dockerfile.slice(dockerfile.lastIndexOf("\nFROM"));
  expect(last).toMatch(/^USER \d{4,}/m);
  expect(last).toMatch(/^HEALTHCHECK .*CMD \["signalbox", "healthcheck"\]$/m);
});

test("compose and Traefik's file are valid YAML, and compose restricts the container", () => {
  const { services } = Bun.YAML.parse(read("compose.yaml")) as {
    services: { signalbox: Record<string, unknown> };
  };
  expect(services.signalbox).toMatchObject({ read_only: true, cap_drop: ["ALL"] });
  expect(Bun.YAML.parse(read("traefik.yaml"))).toMatchObject({ http: { services: {} } });
});

test("the files of a cluster are valid YAML, restrict the containers, and probe what is there", () => {
  const { services } = Bun.YAML.parse(read("compose-cluster.yaml")) as {
    services: Record<string, { command?: string[] }>;
  };
  expect(Object.keys(services)).toEqual(["server-1", "server-2", "worker", "nginx", "postgres", "s3"]);
  for (const name of ["server-1", "server-2", "worker"])
    expect(services[name]).toMatchObject({ read_only: true, cap_drop: ["ALL"] });
  expect(services.worker?.command).toEqual(["worker"]);
  const resources = read("kubernetes.yaml")
    .split(/^---$/m)
    .map((text) => Bun.YAML.parse(text) as { kind: string });
  expect(resources.map(({ kind }) => kind)).toEqual([
    "Deployment",
    "Deployment",
    "Service",
    "PodDisruptionBudget",
    "PodDisruptionBudget",
    "HorizontalPodAutoscaler",
  ]);
  for (const path of ["/readyz", "/healthz"]) expect(read("kubernetes.yaml")).toContain(`path: ${path},`);
});

test("systemd accepts the unit of a worker", () => {
  const text = read("signalbox-worker.service").replace("/usr/local/bin/signalbox", process.execPath);
  const unit = write("signalbox-worker.service", text);
  expect(run("/usr/bin/systemd-analyze", "verify", unit)).toEqual({ exitCode: 0, said: "" });
});

/** Of PostgreSQL's and the S3 store's own images. */
const OF_OTHERS = /^(?:POSTGRES_|ROOT_)/;

test("every setting that is named exists", () => {
  for (const file of readdirSync(DEPLOY)) {
    const named = [...read(file).matchAll(/\b([A-Z]+(?:_[A-Z]+)+|HOST|PORT|AUTH)\s*[=:]/g)].map(
      (match) => match[1]!,
    );
    for (const name of named.filter((known) => !OF_OTHERS.test(known)))
      expect(Object.keys(SETTINGS)).toContain(name.replace(/_FILE$/, ""));
  }
});
