/** N viewers in one process: prints for each broadcast when the last of them had it, and when one was disconnected. */
import { now } from "./live-commands.ts";

const [url, count] = [process.argv[2]!, Number(process.argv[3])];
const AT_ONCE = 500;
const isData = (text: string) => !text.startsWith('{"control"');
const say = (record: unknown) => console.log(JSON.stringify(record));
let arrived = 0;
let opened = 0;

function open(): Promise<void> {
  const socket = new WebSocket(url);
  socket.onmessage = ({ data }) => {
    if (!isData(data as string)) return;
    arrived += 1;
    if (arrived % count === 0) say({ last: now(), sample: data });
  };
  return new Promise<void>((resolve, reject) => {
    socket.onopen = () => {
      opened += 1;
      resolve();
    };
    socket.onclose = () => say({ cut: true });
    socket.onerror = () => reject(new Error(`a viewer was refused after ${opened}`));
  });
}

while (opened < count) await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - opened) }, open));
say({ opened });
