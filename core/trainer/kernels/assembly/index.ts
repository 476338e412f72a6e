// Which kernels does the trainer's WebAssembly module hold? AssemblyScript, built by kernels/build.ts.
// All data lies in one imported shared memory; every argument is a byte offset or a plain number.
// Nothing here allocates, and every sum over rows is an integer sum or runs in a fixed order.
export { squaredGradients, logisticGradients, softmaxGradients, poissonGradients, gammaGradients } from "./gradients";
export { squaredLoss, logisticLoss, softmaxLoss, poissonLoss, gammaLoss } from "./values";
export { packGradients, buildSlot, binNumbers } from "./records";
export { histogram, marginals } from "./histogram";
export { findSplit } from "./splitting";
export { startTree, growTree, finishTree } from "./grower";
export { partition, addToRows, copyBytes } from "./partition";
export { gatherBytes, gatherRecords, listBelow } from "./reorder";
export { work, runJob, wake } from "./team";
export { forestTotals, forestSplit } from "./forest";
export { startForestTree, growForestTree } from "./forest-grower";
export { walkTree, addLeaves } from "./prediction";
export { denseForward, denseGradient, denseBackward, adamStep } from "./dense";
