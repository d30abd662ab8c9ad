import assert from "node:assert/strict";
import { textOf } from "../../src/net/clients/http-client.ts";
import type { Case } from "./case.ts";

/** Answers each request on its input with "hello". */
const SERVER = `while read -r line; do [ "$line" = "$(printf '\\r')" ] && printf 'HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\nhello'; done`;

export const HTTP_CLIENT_CASES: Case[] = [
  {
    name: "programs are connections of the HTTP client, and say why they fail",
    async run({ httpClient }) {
      const client = httpClient({ command: ["sh", "-c", SERVER] });
      for (let i = 0; i < 2; i++) {
        const response = await client.request({ url: "http://there/x" });
        assert.equal(await textOf(response, 100), "hello");
      }
      client.close();
      const failing = httpClient({ command: ["sh", "-c", "echo not today >&2; exit 3"] });
      await assert.rejects(failing.request({ url: "http://there/" }), /sh ended with 3: not today/);
      const missing = httpClient({ command: ["/nowhere/program"] });
      await assert.rejects(missing.request({ url: "http://there/" }), /ENOENT/);
    },
  },
];
