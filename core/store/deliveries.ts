/** Lets one of several servers deliver what a table lists, with leases by the database's clock. */
import type { Handle } from "./database.ts";

export type Delivering = "webhooks" | "alert_routes";

/** Leases a row of the table for delivery, or renews the lease; false: another server has it. */
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

/** Releases the leases, so that others need not wait for them to expire. */
export async function leaveDeliveries(store: Handle, table: Delivering, worker: string): Promise<void> {
  await store.run(`UPDATE ${table} SET held_until = 0 WHERE worker = $worker`, { worker });
}
