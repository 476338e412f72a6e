/** N viewers in one process: for each broadcast it says when the last of them had it. */
const [url, count] = [process.argv[2]!, Number(process.argv[3])];
let arrived = 0;
let opened = 0;
const isData = (text: string) => !text.startsWith('{"control"');
const all = Array.from({ length: count }, () => {
  const socket = new WebSocket(url);
  socket.onmessage = ({ data }) => {
    if (!isData(data as string)) return;
    arrived += 1;
    if (arrived % count === 0)
      console.log(JSON.stringify({ last: performance.timeOrigin + performance.now(), sample: data }));
  };
  return new Promise<void>((resolve, reject) => {
    socket.onopen = () => {
      opened += 1;
      resolve();
    };
    socket.onerror = () => reject(new Error(`a viewer was refused after ${opened}`));
  });
});
await Promise.all(all);
console.log(JSON.stringify({ opened }));

export {};
