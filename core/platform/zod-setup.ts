/**
 * Configures zod. Imported before the first schema is made: compiling checks to functions costs the process 6 MB and
 * saves nothing measurable here.
 */
import * as z from "zod";

z.config({ jitless: true });
