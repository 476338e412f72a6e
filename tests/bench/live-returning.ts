/**
 * N viewers in one process that reconnect as htmx's extension does: prints when all are connected, and when all are
 * back.
 */
const [url, count] = [process.argv[2]!, Number(process.argv[3])];
const RETRY_MS = 500;
const LONGEST_MS = 2000;
const JITTER = 0.3;

let opened = 0;
const now = () => performance.timeOrigin + performance.now();

function open(attempt: number): void {
  const socket = new WebSocket(url);
  let isOpen = false;
  socket.onopen = () => {
    isOpen = true;
    opened += 1;
    if (opened === count) console.log(JSON.stringify({ allAt: now() }));
  };
  socket.onclose = () => {
    if (isOpen) opened -= 1;
    const next = isOpen ? 1 : attempt + 1;
    const delay = Math.min(LONGEST_MS, RETRY_MS * 2 ** (next - 1));
    setTimeout(() => open(next), delay * (1 + JITTER * (2 * Math.random() - 1)));
  };
}

for (let i = 0; i < count; i++) open(0);

export {};
