// Exports the kernels of the trainer's WebAssembly module. AssemblyScript, built by kernels/build.ts.
// All data lies in one imported shared memory; every argument is a byte offset or a plain number.
// Nothing here allocates, and every sum over rows is an integer sum or runs in a fixed order.
export { squaredGradients, logisticGradients, softmaxGradients, poissonGradients, gammaGradients, weightGradients } from "./growing/gradients";
export { squaredLoss, logisticLoss, softmaxLoss, poissonLoss, gammaLoss } from "./growing/values";
export { packGradients, buildSlot, binNumbers } from "./growing/records";
export { histogram, marginals } from "./growing/histogram";
export { findSplit } from "./growing/splitting";
export { startTree, growTree, finishTree } from "./growing/grower";
export { partition, addToRows, copyBytes } from "./growing/partition";
export { gatherBytes, gatherRecords, listBelow } from "./growing/reorder";
export { work, runJob, wake } from "./growing/team";
export { forestTotals, forestSplit } from "./growing/forest";
export { startForestTree, growForestTree } from "./growing/forest-grower";
export { walkTree, addLeaves } from "./answering/prediction";
export { denseForward, denseGradient, denseBackward, adamStep } from "./answering/dense";
