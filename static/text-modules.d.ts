declare module "htmx.org/dist/htmx.min.js";
declare module "htmx.org/dist/ext/hx-ws.min.js";
declare module "*.svg";
declare module "*.css";
/** A page's script, as text. */
declare module "*.js" {
  const text: string;
  export default text;
}
/** A file's path. */
declare module "*.wasm" {
  const path: string;
  export default path;
}
declare module "*.ttf" {
  const path: string;
  export default path;
}
