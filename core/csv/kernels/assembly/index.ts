// Exports the kernels of the reader's WebAssembly module. AssemblyScript, built by kernels/build.ts. All data lies in
// one memory, every argument is a byte offset or a plain number, nothing here allocates. Up to 16 bytes behind the last
// one of a file are read and ignored.

export { hashCells, readNumbers } from "./cells";
export { cut } from "./cut";

// Where the memory is free.
export function firstFreeByte(): usize {
  return __heap_base;
}
