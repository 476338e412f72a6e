declare module "htmx.org/dist/htmx.min.js";
declare module "htmx.org/dist/ext/hx-ws.min.js";
declare module "*.svg";
declare module "*.css";
/** A page's script, as text. */
declare module "*.js" {
  const text: string;
  export default text;
}
