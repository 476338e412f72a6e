declare module "htmx.org/dist/htmx.min.js";
declare module "htmx.org/dist/ext/hx-ws.min.js";
declare module "*.svg";
declare module "*.css";
