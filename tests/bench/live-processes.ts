/** Starts the live bench's processes and reads what they print: each line is a JSON record. */
export interface Talk {
  say: (line: string) => void;
  next: () => Promise<Record<string, unknown>>;
  /** It is suspended until `resume`. */
  pause: () => void;
  resume: () => void;
  end: () => Promise<void>;
}

/** Starts a process whose stdin takes commands. */
export function talkTo(command: string[]): Talk {
  const child = Bun.spawn(command, { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
  const said = lines(child.stdout);
  return {
    say: (line) => {
      child.stdin.write(`${line}\n`);
      child.stdin.flush();
    },
    next: async () => {
      const { value, done } = await said.next();
      if (done) throw new Error(`a process of the bench ended early: ${command.slice(0, 2).join(" ")}`);
      return JSON.parse(value) as Record<string, unknown>;
    },
    pause: () => child.kill("SIGSTOP"),
    resume: () => child.kill("SIGCONT"),
    end: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop()!;
    yield* parts;
  }
}

/** The value at that share of the sorted values. */
export function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

const NAME_WIDTH = 22;

/** Rows of text and numbers, right-aligned under their heads. */
export function printTable(heads: string[], rows: [string, ...number[]][]): void {
  console.log(heads.map((head, index) => (index ? head.padStart(12) : head.padEnd(NAME_WIDTH))).join(""));
  for (const [name, ...cells] of rows)
    console.log(name.padEnd(NAME_WIDTH) + cells.map((cell) => cell.toFixed(2).padStart(12)).join(""));
}
