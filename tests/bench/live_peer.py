"""The prototype's way: FastAPI on uvicorn with websockets, one send_text after another.

With permessage-deflate, uvicorn's default, as browsers offer it; without where the second argument says so.
"""
import asyncio, json, os, resource, socket, sys, threading, time

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

payload, deflate = sys.argv[1], sys.argv[2] == "deflate"
app = FastAPI()
viewers = []


@app.websocket("/ws")
async def ws(viewer: WebSocket):
    await viewer.accept()
    viewers.append(viewer)
    try:
        while True:
            await viewer.receive_text()
    except WebSocketDisconnect:
        viewers.remove(viewer)


async def broadcast():
    at = time.time() * 1000
    for viewer in list(viewers):
        await viewer.send_text(payload)
    print(json.dumps({"at": at, "sentAt": at}), flush=True)


def usage(last=[0.0]):
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = (used.ru_utime + used.ru_stime) * 1000
    pages = int(open("/proc/self/statm").read().split()[1])
    print(json.dumps({"rssBytes": pages * os.sysconf("SC_PAGE_SIZE"), "cpuMs": cpu - last[0]}), flush=True)
    last[0] = cpu


def listen(loop):
    for line in sys.stdin:
        line = line.strip()
        if line == "stop":
            os._exit(0)
        elif line == "usage":
            usage()
        else:
            asyncio.run_coroutine_threadsafe(broadcast(), loop)


@app.on_event("startup")
async def startup():
    threading.Thread(target=listen, args=(asyncio.get_running_loop(),), daemon=True).start()


listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(4096)
print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
config = uvicorn.Config(app, log_level="error", ws="websockets", ws_per_message_deflate=deflate)
uvicorn.Server(config).run(sockets=[listener])
