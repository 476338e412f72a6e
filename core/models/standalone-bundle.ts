/**
 * The source of core/standalone.ts and everything that it needs, as one module. Called as a macro: it runs while our
 * own code is transpiled or built, so that the one-file build contains the text.
 */
export function standaloneBundle(): string {
  const entry = new URL("./standalone.ts", import.meta.url).pathname;
  const built = Bun.spawnSync([
    process.execPath,
    "build",
    entry,
    "--format=esm",
    "--target=browser",
    "--minify",
  ]);
  if (built.exitCode !== 0) throw new Error(built.stderr.toString());
  return built.stdout.toString();
}
