"""Plays a sequence diagram of the mode feature's page with real WebSocket clients, and prints what each of them saw.

Usage: signaling_clients.py DIAGRAM API SIGNALING, where DIAGRAM is the mode that the diagram is about.
"""

import asyncio
import json
import sys
import urllib.request

import websockets

DIAGRAM, API, SIGNALING = sys.argv[1:4]


def call(operation, **arguments):
    """A call of the application server's; its answer."""
    body = json.dumps(arguments).encode() if arguments else b""
    headers = {"x-sora-target": "Sora_20211215." + operation, "content-type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(API, data=body, headers=headers), timeout=5) as answer:
        return json.loads(answer.read())["mode"]


async def change_mode(mode):
    answer = await asyncio.to_thread(call, "ChangeMode", mode=mode)
    print(f"app: ChangeMode mode={mode}: {answer}")
    await show_mode()


async def show_mode():
    print(f"mode: {await asyncio.to_thread(call, 'GetMode')}")


async def connect(name, channel):
    """A client comes; answers its socket if it was let in."""
    socket = await websockets.connect(SIGNALING, open_timeout=5)
    await socket.send(json.dumps({"type": "connect", "channel_id": channel, "role": "sendrecv"}))
    answer = json.loads(await asyncio.wait_for(socket.recv(), 5))
    if answer["type"] == "accepted":
        print(f"{name}: connect channel_id={channel}: accepted on {answer['node_name']}")
        return socket
    try:
        await asyncio.wait_for(socket.recv(), 5)
    except websockets.ConnectionClosed as closed:
        print(
            f"{name}: connect channel_id={channel}: {answer['type']} {answer['reason']}, "
            f"closed {closed.rcvd.code} {closed.rcvd.reason}"
        )
    return None


async def show_alive(name, socket):
    await socket.send(json.dumps({"type": "ping"}))
    answer = json.loads(await asyncio.wait_for(socket.recv(), 5))
    print(f"{name}: still connected: {answer['type']}")


async def block_new_connection():
    await show_mode()
    client1 = await connect("client1", "spam")
    await change_mode("block_new_connection")
    await connect("client2", "spam")
    await show_alive("client1", client1)
    await change_mode("normal")
    client2 = await connect("client2", "spam")
    await show_alive("client1", client1)
    return [client1, client2]


async def block_new_session():
    await show_mode()
    client1 = await connect("client1", "spam")
    await change_mode("block_new_session")
    await connect("client2", "ham")
    client3 = await connect("client3", "spam")
    await show_alive("client1", client1)
    return [client1, client3]


async def main():
    diagrams = {"block_new_connection": block_new_connection, "block_new_session": block_new_session}
    for socket in await diagrams[DIAGRAM]():
        await socket.close()


asyncio.run(main())
