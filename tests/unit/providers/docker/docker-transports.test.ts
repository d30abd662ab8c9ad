import { describe, expect } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toolPath } from "../../../../scripts/tool-path.ts";
import { staticSchema } from "../../../../src/config/static/schema.ts";
import { dockerProvider } from "../../../../src/providers/docker/docker-factories.ts";
import { makeCertificate } from "../../../support/certificates.ts";
import { testWith } from "../../../support/requires.ts";
import { DOCKER_IMAGE, startDocker } from "../../../support/servers/docker-server.ts";
import { freePort } from "../../../support/sockets/free-port.ts";
import { waitFor } from "../../../support/wait-for.ts";
import { runProvider } from "../provider-scene.ts";

const test = testWith("dockerd", "docker", "busybox", "openssl");

/** An engine takes seconds to start. Milliseconds. */
const LONG = 180_000;

const followed = (endpoint: string, options: object = {}) => {
  const { docker } = staticSchema.parse({
    providers: { docker: { endpoint, ...options } },
  }).providers;
  return runProvider((context) => dockerProvider(docker!, context));
};

/** A container that needn't run to have its router. */
const label = (name: string) => [
  ...["--label", "traefik.docker.allownonrunning=true", "--label"],
  `traefik.http.routers.${name}.rule=Host(\`${name}.test\`)`,
];

describe("a Docker engine is reached", () => {
  test(
    "over TCP by those whose certificate it takes, and over ssh",
    async () => {
      const directory = mkdtempSync(join(tmpdir(), "sluice-transports-"));
      try {
        const authority = makeCertificate({ name: "engine CA", ca: true });
        const place = (name: string, text: string) => {
          const path = join(directory, name);
          writeFileSync(path, text);
          return path;
        };
        const pair = (name: string, issuer = authority) => {
          const made = makeCertificate({ name, names: ["IP:127.0.0.1"], issuer });
          return {
            cert: place(`${name}.pem`, made.certificate),
            key: place(`${name}.key`, made.key),
          };
        };
        const ca = place("ca.pem", authority.certificate);
        const [server, client] = [pair("server"), pair("client")];
        const stranger = pair("stranger", makeCertificate({ name: "other CA", ca: true }));
        const port = await freePort();
        await using engine = await startDocker({
          args: () => [
            `--host=tcp://127.0.0.1:${port}`,
            "--tlsverify",
            `--tlscacert=${ca}`,
            `--tlscert=${server.cert}`,
            `--tlskey=${server.key}`,
          ],
        });
        await engine.docker("create", "--name", "first", ...label("first"), DOCKER_IMAGE, "x");
        const endpoint = `tcp://127.0.0.1:${port}`;
        using known = await followed(endpoint, { tls: { ca, ...client } });
        await known.servers("first");
        using unknown = await followed(endpoint, { tls: { ca, ...stranger } });
        expect(unknown.configuration).toBeUndefined();
        expect(unknown.lines.join()).toContain(`the Docker engine at ${endpoint}`);

        // Stands for ssh: what it would run there runs here.
        const bin = join(directory, "bin");
        mkdirSync(bin);
        const docker = `exec ${toolPath("docker")} --host unix://${engine.socket} system dial-stdio`;
        writeFileSync(
          join(bin, "ssh"),
          `#!/bin/sh\necho "$*" >> ${directory}/ssh.log\n${docker}\n`,
        );
        chmodSync(join(bin, "ssh"), 0o755);
        const before = process.env["PATH"];
        process.env["PATH"] = `${bin}:${before}`;
        try {
          using secure = await followed("ssh://me@host.test:2222");
          await secure.servers("first");
          await engine.docker("create", "--name", "second", ...label("second"), DOCKER_IMAGE, "x");
          await engine.docker("rm", "first");
          await waitFor(
            "the container that went",
            () => secure.configuration?.http?.routers?.["first"] === undefined,
          );
          expect(readFileSync(join(directory, "ssh.log"), "utf8").split("\n")[0]).toBe(
            "-T -o ConnectTimeout=30 -o BatchMode=yes -l me -p 2222 -- host.test docker system dial-stdio",
          );
          writeFileSync(join(bin, "ssh"), "#!/bin/sh\necho Permission denied >&2\nexit 255\n");
          using refused = await followed("ssh://host.test");
          expect(refused.lines.join()).toContain("ssh ended with 255: Permission denied");
        } finally {
          process.env["PATH"] = before;
        }
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    },
    LONG,
  );

  test("by no endpoint that could be an option of ssh's", async () => {
    for (const endpoint of [
      "ssh://-oProxyCommand=x",
      "ssh://-l@host",
      "ssh://",
      "ssh://a b",
      "ssh://host:x",
    ]) {
      using running = await followed(endpoint);
      expect(running.lines.join()).toContain("expected an endpoint such as");
    }
  });
});
