/**
 * Builds the reader's WebAssembly module. `bun core/csv/kernels/build.ts`; a test builds it again and compares.
 */
import { compileAssembly, wasmModule } from "../../platform/wasm-build.ts";

const HERE = new URL(".", import.meta.url);

export async function compileKernels(): Promise<string> {
  const wasm = await compileAssembly(new URL("assembly/", HERE), ["--initialMemory", "1"]);
  return wasmModule(wasm, "READER_WASM", "core/csv/kernels/build.ts");
}

if (import.meta.main) await Bun.write(new URL("kernels.wasm.ts", HERE), await compileKernels());
