/**
 * An S3 server of the tests' own: path-style GET, HEAD and PUT of objects in memory, for requests whose Signature
 * Version 4 is right, in the Authorization header or in the query, as Amazon documents it.
 */
import { createHash, createHmac } from "node:crypto";

export interface S3Server {
  url: string;
  keys: { accessKeyId: string; secretAccessKey: string; endpoint: string };
  objects: Map<string, Uint8Array<ArrayBuffer>>;
  /** Status and path of each request, in order. */
  answered: [number, string][];
  stop: () => void;
}

export function startS3(accessKeyId: string, secretAccessKey: string): S3Server {
  const objects: S3Server["objects"] = new Map();
  const answered: S3Server["answered"] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const { pathname } = new URL(request.url);
      const isSigned = isRightlySigned(request, { accessKeyId, secretAccessKey });
      const answer = isSigned
        ? await act(request, decodeURIComponent(pathname), objects)
        : new Response("<Error><Code>SignatureDoesNotMatch</Code></Error>", { status: 403 });
      answered.push([answer.status, pathname]);
      return answer;
    },
  });
  const url = server.url.href;
  return {
    url,
    keys: { accessKeyId, secretAccessKey, endpoint: url.slice(0, -1) },
    objects,
    answered,
    stop: () => server.stop(true),
  };
}

async function act(request: Request, path: string, objects: S3Server["objects"]): Promise<Response> {
  if (request.method === "PUT") {
    objects.set(path, new Uint8Array(await request.arrayBuffer()));
    return new Response(null, { headers: { etag: etagOf(objects.get(path)!) } });
  }
  const object = objects.get(path);
  if (!object) return new Response("<Error><Code>NoSuchKey</Code></Error>", { status: 404 });
  const etag = etagOf(object);
  const isKnown = request.headers.get("if-none-match") === etag;
  return new Response(isKnown ? null : object, { status: isKnown ? 304 : 200, headers: { etag } });
}

const etagOf = (bytes: Uint8Array) => `"${createHash("md5").update(bytes).digest("hex")}"`;

interface Signed {
  credential: string;
  date: string;
  names: string[];
  signature: string;
  payload: string;
}

function isRightlySigned(
  request: Request,
  { accessKeyId, secretAccessKey }: { accessKeyId: string; secretAccessKey: string },
): boolean {
  const url = new URL(request.url);
  const signed = inQuery(url) ?? inHeader(request);
  if (!signed) return false;
  const [id, day = "", region = "", service = ""] = signed.credential.split("/");
  const headers = signed.names.map((name) => `${name}:${request.headers.get(name)?.trim() ?? ""}\n`).join("");
  const query = [...url.searchParams]
    .filter(([name]) => name !== "X-Amz-Signature")
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort()
    .join("&");
  const canonical = [
    request.method,
    url.pathname
      .split("/")
      .map((part) => encoded(decodeURIComponent(part)))
      .join("/"),
    query,
    headers,
    signed.names.join(";"),
    signed.payload,
  ].join("\n");
  const scope = `${day}/${region}/${service}/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", signed.date, scope, sha256(canonical)].join("\n");
  const key = [day, region, service, "aws4_request"].reduce<string | Buffer>(
    (known, part) => createHmac("sha256", known).update(part).digest(),
    `AWS4${secretAccessKey}`,
  );
  return id === accessKeyId && createHmac("sha256", key).update(text).digest("hex") === signed.signature;
}

function inQuery({ searchParams }: URL): Signed | null {
  const of = (name: string) => searchParams.get(`X-Amz-${name}`) ?? "";
  if (!of("Signature")) return null;
  const names = of("SignedHeaders").split(";");
  return {
    credential: of("Credential"),
    date: of("Date"),
    names,
    signature: of("Signature"),
    payload: "UNSIGNED-PAYLOAD",
  };
}

function inHeader({ headers }: Request): Signed | null {
  const [, credential, names, signature] =
    /Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=(\w+)/.exec(headers.get("authorization") ?? "") ??
    [];
  if (!credential || !names || !signature) return null;
  const date = headers.get("x-amz-date") ?? "";
  const payload = headers.get("x-amz-content-sha256") ?? "";
  return { credential, date, names: names.split(";"), signature, payload };
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** RFC 3986's unreserved characters stay. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
