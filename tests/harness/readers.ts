/** Programs that follow the log by socket and by NDJSON: they come back after each cut with the last number they have. */
export interface Reader {
  seqs: number[];
  openings: number;
  close: () => void;
}

const RETRY_MS = 40;

export function readBySocket(url: string, epoch: string): Reader {
  let isClosed = false;
  let socket: WebSocket;
  const reader: Reader = {
    seqs: [],
    openings: 0,
    close: () => {
      isClosed = true;
      socket.close();
    },
  };
  const open = () => {
    if (isClosed) return;
    const query = `format=json&since=${reader.seqs.at(-1) ?? 0}&epoch=${epoch}`;
    socket = new WebSocket(`${url.replace("http", "ws")}ws?${query}`);
    socket.onmessage = ({ data }) => {
      const { control, seq, truncated } = JSON.parse(data as string) as Record<string, number>;
      if (truncated) throw new Error("the log says that it does not know the reader's position");
      if (control) reader.openings += 1;
      else reader.seqs.push(seq!);
    };
    socket.onclose = () => setTimeout(open, RETRY_MS);
  };
  open();
  return reader;
}

export function readByStream(url: string): Reader {
  const abort = new AbortController();
  const reader: Reader = { seqs: [], openings: 0, close: () => abort.abort() };
  const follow = async () => {
    const answer = await fetch(`${url}api/events?follow=1&since=${reader.seqs.at(-1) ?? 0}`, {
      signal: abort.signal,
    });
    // While the database is away it is refused.
    if (!answer.ok) throw new Error(`the stream was refused: ${answer.status}`);
    reader.openings += 1;
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop()!;
      for (const line of lines.filter(Boolean)) {
        const { seq, status } = JSON.parse(line) as { seq?: number; status?: number };
        // The last line of a stream that breaks says why.
        if (seq === undefined) throw new Error(`the stream broke: ${status}`);
        reader.seqs.push(seq);
      }
    }
  };
  const again = (): void => {
    if (!abort.signal.aborted) setTimeout(() => void follow().then(again, again), RETRY_MS);
  };
  again();
  return reader;
}
