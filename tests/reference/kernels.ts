/** All kernels of the trainer in plain TypeScript: slow, obvious, and able to run every fit on one thread. */
import type { Kernels } from "../../core/trainer/kernels/kernels.ts";
import { denseKernels } from "./dense-kernels.ts";
import { forestGrowerKernels } from "./forest-grower-kernels.ts";
import { forestKernels } from "./forest-kernels.ts";
import { gradientKernels } from "./gradient-kernels.ts";
import { growerKernels } from "./grower-kernels.ts";
import { lossKernels } from "./loss-kernels.ts";
import { Bytes } from "./memory.ts";
import { splitKernels } from "./split-kernels.ts";
import { treeKernels } from "./tree-kernels.ts";

export function referenceKernels(memory: WebAssembly.Memory): Kernels {
  const bytes = new Bytes(memory);
  const alone = () => {
    throw new Error("The plain twin works on one thread.");
  };
  const single = { ...treeKernels(bytes), ...splitKernels(bytes), ...forestKernels(bytes) };
  return {
    ...gradientKernels(bytes),
    ...lossKernels(bytes),
    ...denseKernels(bytes),
    ...single,
    ...growerKernels(bytes, single),
    ...forestGrowerKernels(bytes, single),
    runJob: alone,
    wake: alone,
  };
}
