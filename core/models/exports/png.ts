/**
 * Turns a chart's SVG into a PNG with resvg, whose WebAssembly needs no native library. It has no fonts of its own, so
 * it gets DejaVu Sans with Latin, Greek, Cyrillic, Arabic and Hebrew letters; other scripts show as boxes.
 */
import wasmFile from "@resvg/resvg-wasm/index_bg.wasm" with { type: "file" };
import fontFile from "dejavu-fonts-ttf/ttf/DejaVuSans.ttf" with { type: "file" };
import boldFile from "dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf" with { type: "file" };

const bytesOf = async (path: string) => new Uint8Array(await Bun.file(path).arrayBuffer());

interface Renderer {
  Resvg: typeof import("@resvg/resvg-wasm").Resvg;
  fonts: Uint8Array[];
}

let renderer: Promise<Renderer> | null = null;

async function openRenderer(): Promise<Renderer> {
  const [{ initWasm, Resvg }, wasm, ...fonts] = await Promise.all([
    import("@resvg/resvg-wasm"),
    bytesOf(wasmFile),
    bytesOf(fontFile),
    bytesOf(boldFile),
  ]);
  await initWasm(wasm);
  return { Resvg, fonts };
}

/** Width in pixels. The renderer is loaded when first used, and kept. */
export async function svgToPng(svg: string, pixelsWide: number): Promise<Uint8Array<ArrayBuffer>> {
  renderer ??= openRenderer();
  const { Resvg, fonts } = await renderer;
  const drawn = new Resvg(svg, {
    fitTo: { mode: "width", value: pixelsWide },
    font: { fontBuffers: fonts, defaultFontFamily: "DejaVu Sans", sansSerifFamily: "DejaVu Sans" },
  });
  try {
    const image = drawn.render();
    const png = new Uint8Array(image.asPng());
    image.free();
    return png;
  } finally {
    drawn.free();
  }
}
