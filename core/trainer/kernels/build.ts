/**
 * Builds the WebAssembly module of the kernels. `bun core/trainer/kernels/build.ts`; a test builds it again and
 * compares.
 */
import { compileAssembly, wasmModule } from "../../platform/wasm-build.ts";

const HERE = new URL(".", import.meta.url);
/** Pages of 64 KiB: the maximum for 32-bit addresses. */
const MAX_PAGES = 65_536;

export async function compileKernels(): Promise<string> {
  const wasm = await compileAssembly(new URL("assembly/", HERE), [
    ...["--importMemory", "--sharedMemory", "--enable", "threads"],
    ...["--initialMemory", "1", "--maximumMemory", String(MAX_PAGES)],
  ]);
  return wasmModule(wasm, "KERNELS_WASM", "core/trainer/kernels/build.ts");
}

if (import.meta.main) await Bun.write(new URL("kernels.wasm.ts", HERE), await compileKernels());
