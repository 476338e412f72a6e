/** Settings of a server or worker that shares its data with others: where the database and the files are. */
import * as z from "zod";
import { number, secret, setting, text } from "./kinds.ts";

const postgres = () =>
  z
    .literal("")
    .or(
      z.url({ protocol: /^postgres(ql)?$/, error: "must look like postgres://user:password@host/database" }),
    );

/** A bucket with or without a prefix, or an absolute path. */
const STORAGE = /^(?:s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:\/[\w.-]+)*\/?|file:\/\/\/\S*)$/;

export const CLUSTER_SETTINGS = {
  DATABASE_URL: secret(
    postgres(),
    "PostgreSQL that several servers share, for example postgres://user:password@host/database; unset: SQLite in DATA_DIR",
  ),
  LISTEN_URL: secret(
    postgres(),
    "a direct connection to PostgreSQL, if DATABASE_URL goes through a pooler, which loses LISTEN",
  ),
  STORAGE_URL: setting(
    z
      .literal("")
      .or(
        z
          .string()
          .regex(STORAGE, "must look like s3://bucket/prefix, or file:///mnt/shared for a shared folder"),
      ),
    "",
    "where files and models are stored: s3://bucket/prefix, or file:///mnt/shared for a folder that every host sees; " +
      "unset: DATA_DIR",
  ),
  AWS_ACCESS_KEY_ID: secret(text(), "STORAGE_URL=s3://…: the access key"),
  AWS_SECRET_ACCESS_KEY: secret(text(), "STORAGE_URL=s3://…: the secret key"),
  AWS_SESSION_TOKEN: secret(text(), "STORAGE_URL=s3://…: the session token of temporary keys"),
  AWS_REGION: setting(text(), "us-east-1", "STORAGE_URL=s3://…: the bucket's region"),
  AWS_ENDPOINT_URL: setting(
    z.literal("").or(z.url({ protocol: /^https?$/, error: "must look like https://s3.example.com" })),
    "",
    "STORAGE_URL=s3://…: the endpoint of an S3-compatible store; unset: Amazon's",
  ),
  CACHE_MB: setting(
    number(1, 1e9),
    "10240",
    "STORAGE_URL: megabytes of files that DATA_DIR caches to save downloads; the least recently used are evicted first",
  ),
};
