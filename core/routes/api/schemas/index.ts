/** Every response schema, by the name that rows use. Loaded with the docs: no request needs them. */
export * from "./access.ts";
export * from "./automation.ts";
export * from "./comparison.ts";
export * from "./datasets.ts";
export * from "./live.ts";
export * from "./models.ts";
export * from "./organise.ts";
export * from "./runs.ts";
