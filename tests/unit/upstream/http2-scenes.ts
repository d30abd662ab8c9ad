import { afterEach } from "bun:test";
import { createServer, type Http2Server, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { scriptedHttp2 } from "../../support/http/http2-upstream.ts";
import { UpstreamScene } from "../../support/sockets/upstream-scene.ts";

export type Http2Headers = Record<string, string | string[] | undefined>;
type SceneOptions = ConstructorParameters<typeof UpstreamScene>[1];

/** For files of tests of HTTP/2 upstreams: scenes that end with their test. */
export function http2Scenes() {
  const cleanups: (() => void)[] = [];
  afterEach(() => {
    for (const cleanup of cleanups.splice(0).reverse()) cleanup();
  });

  /** A scene before node:http2, which knows nothing of Sluice's own engine. */
  async function before(
    serve: (stream: ServerHttp2Stream, headers: Http2Headers) => void,
    options: SceneOptions = {},
    settings: { maxConcurrentStreams?: number; initialWindowSize?: number } = {},
  ) {
    const server: Http2Server = createServer({ settings });
    let connections = 0;
    server.on("session", () => connections++);
    server.on("stream", (stream, headers) => {
      stream.on("error", () => {});
      serve(stream as ServerHttp2Stream, headers);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const scene = new UpstreamScene(`h2c://127.0.0.1:${port}`, options);
    cleanups.push(() => {
      scene.close();
      server.close();
    });
    return {
      scene,
      server,
      get connections() {
        return connections;
      },
    };
  }

  /** A scene before an upstream that is driven frame by frame. */
  function scripted(script: Parameters<typeof scriptedHttp2>[0], options: SceneOptions = {}) {
    const upstream = scriptedHttp2(script);
    const scene = new UpstreamScene(upstream.url, options);
    cleanups.push(() => {
      scene.close();
      upstream.stop();
    });
    return { scene, upstream };
  }

  return { before, scripted };
}

export async function textOf(stream: ServerHttp2Stream): Promise<string> {
  let all = "";
  for await (const chunk of stream) all += chunk;
  return all;
}
