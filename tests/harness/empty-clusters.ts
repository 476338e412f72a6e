/** Empty clusters for tests: each has a database and a bucket of its own, on one PostgreSQL and one S3 server. */
import { type S3Server, startS3 } from "./object-store.ts";
import { type OwnSchema, ownSchema } from "./postgres.ts";

export interface EmptyClusters {
  s3: S3Server;
  /** The settings of a new one. */
  next: () => Promise<Record<string, string>>;
  close: () => Promise<void>;
}

export async function openEmptyClusters(): Promise<EmptyClusters> {
  const s3 = await startS3();
  const schemas: OwnSchema[] = [];
  return {
    s3,
    next: async () => {
      const schema = await ownSchema();
      schemas.push(schema);
      return { DATABASE_URL: schema.url, ...s3.settings() };
    },
    close: async () => {
      for (const schema of schemas) await schema.drop();
      await s3.stop();
    },
  };
}
