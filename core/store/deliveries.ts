/** Lets one server of several deliver what a table lists, until when holds by the database's clock. */
import type { Handle } from "./database.ts";

export type Delivering = "webhooks" | "alert_routes";

/** Takes a row of the table to deliver, or keeps it; false: another server has it. */
export async function holdDelivery(
  store: Handle,
  table: Delivering,
  { id, worker, holdMs }: { id: string; worker: string; holdMs: number },
): Promise<boolean> {
  const held = await store.run(
    `UPDATE ${table} SET worker = $worker, held_until = (SELECT at FROM clock) + $holdMs
     WHERE id = $id AND (worker = $worker OR held_until < (SELECT at FROM clock))`,
    { id, worker, holdMs },
  );
  return held > 0;
}

/** Others need not wait until it ends by itself. */
export async function leaveDeliveries(store: Handle, table: Delivering, worker: string): Promise<void> {
  await store.run(`UPDATE ${table} SET held_until = 0 WHERE worker = $worker`, { worker });
}
