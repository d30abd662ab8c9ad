/** Argument: port. Echoes WebSocket messages. */
Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.argv[2]),
  fetch(request, server) {
    return server.upgrade(request) ? undefined : new Response("WebSocket only\n", { status: 426 });
  },
  websocket: {
    idleTimeout: 0,
    message(socket, message) {
      socket.send(message);
    },
  },
});
