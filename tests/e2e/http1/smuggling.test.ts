import { expect, test } from "bun:test";
import { forwardingTo, startRouter } from "../../support/router.ts";
import { RawClient } from "../../support/sockets/raw-client.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { echoing } from "../../support/sockets/upstream-scripts.ts";

const HOST = "Host: app.test\r\n";
/** What an attacker wants a backend to see as a request of its own. */
const HIDDEN = "GET /smuggled HTTP/1.1\r\nHost: app.test\r\n\r\n";
const chunk = (data: string) => `${data.length.toString(16)}\r\n${data}\r\n`;

/** Requests that two parsers may read differently, by what is odd in them. All are POSTs to `/`. */
const HEADS: Record<string, string> = {
  "CL and TE": "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n",
  "TE and CL": "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n",
  "two CL": "Content-Length: 5\r\nContent-Length: 6\r\n",
  "two equal CL": "Content-Length: 5\r\nContent-Length: 5\r\n",
  "CL list": "Content-Length: 5, 5\r\n",
  "CL with a sign": "Content-Length: +5\r\n",
  "negative CL": "Content-Length: -5\r\n",
  "hexadecimal CL": "Content-Length: 0x5\r\n",
  "CL with a fraction": "Content-Length: 5.0\r\n",
  "CL with a space inside": "Content-Length: 5 5\r\n",
  "empty CL": "Content-Length: \r\n",
  "CL beyond 2^53": "Content-Length: 9007199254740993\r\n",
  "CL beyond 2^64": "Content-Length: 18446744073709551621\r\n",
  "CL in letters": "Content-Length: five\r\n",
  "CL with NUL": "Content-Length: 5\0\r\n",
  "space before the colon of CL": "Content-Length : 5\r\n",
  "tab before the colon of CL": "Content-Length\t: 5\r\n",
  "space before the name": " Content-Length: 5\r\n",
  "CL folded": "Content-Length:\r\n 5\r\n",
  "TE folded": "Transfer-Encoding:\r\n chunked\r\n",
  "space before the colon of TE": "Transfer-Encoding : chunked\r\n",
  "TE xchunked": "Transfer-Encoding: xchunked\r\n",
  "TE chunkedx": "Transfer-Encoding: chunkedx\r\n",
  "TE chunked twice": "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
  "TE chunked, chunked": "Transfer-Encoding: chunked, chunked\r\n",
  "TE chunked, identity": "Transfer-Encoding: chunked, identity\r\n",
  "TE identity": "Transfer-Encoding: identity\r\nContent-Length: 5\r\n",
  "TE gzip": "Transfer-Encoding: gzip\r\n",
  "TE gzip, chunked": "Transfer-Encoding: gzip, chunked\r\n",
  "TE quoted": 'Transfer-Encoding: "chunked"\r\n',
  "TE with a parameter": "Transfer-Encoding: chunked;q=1\r\n",
  "TE with a vertical tab": "Transfer-Encoding: \x0bchunked\r\n",
  "TE with NUL": "Transfer-Encoding: chunked\0\r\n",
  "TE with a form feed behind": "Transfer-Encoding: chunked\f\r\n",
  "TE empty": "Transfer-Encoding: \r\nContent-Length: 5\r\n",
  "TE behind a bare CR": "X: y\rTransfer-Encoding: chunked\r\n",
  "TE behind a bare LF": "X: y\nTransfer-Encoding: chunked\r\n",
  "CL behind a bare LF": "X: y\nContent-Length: 5\r\n",
  "bare LF line ends": "Content-Length: 5\n",
  "a line without a colon": "Content-Length 5\r\n",
  "an empty name": ": 5\r\n",
  "a name with a space": "Content Length: 5\r\n",
  "a name with a NUL": "Content-Length\0: 5\r\n",
  "a name with a bracket": "Content[Length]: 5\r\n",
  "a name beyond ASCII": "Content-L\xe9ngth: 5\r\n",
  "two Hosts": "Host: other.test\r\nContent-Length: 5\r\n",
  "Host with a comma": "HOST: a.test, b.test\r\nContent-Length: 5\r\n",
  "Expect unknown": "Expect: 200-ok\r\nContent-Length: 5\r\n",
};

const CHUNKED = `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`;

/** Chunked bodies that two parsers may read differently. */
const BODIES: Record<string, string> = {
  "size with 0x": "0x5\r\nhello\r\n0\r\n\r\n",
  "size with a sign": "+5\r\nhello\r\n0\r\n\r\n",
  "negative size": "-5\r\nhello\r\n0\r\n\r\n",
  "size with a space before": " 5\r\nhello\r\n0\r\n\r\n",
  "size with a space behind": "5 \r\nhello\r\n0\r\n\r\n",
  "size with an underscore": "0_5\r\nhello\r\n0\r\n\r\n",
  "empty size": "\r\nhello\r\n0\r\n\r\n",
  "size of 17 digits": "00000000000000005\r\nhello\r\n0\r\n\r\n",
  "size that overflows": "ffffffffffffffff\r\nhello\r\n0\r\n\r\n",
  "size line with a bare LF": "5\nhello\r\n0\r\n\r\n",
  "size line with a bare CR": "5\rhello\r\n0\r\n\r\n",
  "data without CRLF behind": "5\r\nhello0\r\n\r\n",
  "data with LF behind": "5\r\nhello\n0\r\n\r\n",
  "data longer than its size": "4\r\nhello\r\n0\r\n\r\n",
  "extension with a bare LF": "5;a=\n\r\nhello\r\n0\r\n\r\n",
  "extension with a bare CR": "5;a\rb\r\nhello\r\n0\r\n\r\n",
  "extension with NUL": "5;a=\0\r\nhello\r\n0\r\n\r\n",
  "end with a bare LF": "5\r\nhello\r\n0\n\r\n",
  "trailer Content-Length": "5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n",
  "trailer Transfer-Encoding": "5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n",
  "trailer Host": "5\r\nhello\r\n0\r\nHost: other.test\r\n\r\n",
  "trailer folded": "5\r\nhello\r\n0\r\nX: a\r\n b\r\n\r\n",
};

/** Start lines that a backend may read otherwise. */
const LINES: Record<string, string> = {
  "two spaces": "GET  / HTTP/1.1\r\n",
  "a tab": "GET\t/ HTTP/1.1\r\n",
  "a space in the target": "GET /a b HTTP/1.1\r\n",
  "a space at the end": "GET / HTTP/1.1 \r\n",
  "a fragment": "GET /#x HTTP/1.1\r\n",
  "a control in the target": "GET /\x01 HTTP/1.1\r\n",
  "bytes beyond ASCII in a host": "GET http://app.test\xff/ HTTP/1.1\r\n",
  "version 2.0": "GET / HTTP/2.0\r\n",
  "version 1.10": "GET / HTTP/1.10\r\n",
  "version in lower case": "GET / http/1.1\r\n",
  "no version": "GET /\r\n",
  "a bare LF": "GET / HTTP/1.1\n",
  "a method with a colon": "GE:T / HTTP/1.1\r\n",
  "authority form for GET": "GET app.test:80 HTTP/1.1\r\n",
  "asterisk for GET": "GET * HTTP/1.1\r\n",
  "absolute form with userinfo": "GET http://a@app.test/ HTTP/1.1\r\n",
};

const VARIANTS: [string, string][] = [
  ...Object.entries(HEADS).map(([name, fields]): [string, string] => [
    name,
    `POST / HTTP/1.1\r\n${HOST}${fields}\r\nhello${HIDDEN}`,
  ]),
  ...Object.entries(BODIES).map(([name, body]): [string, string] => [
    `chunked: ${name}`,
    CHUNKED + body + HIDDEN,
  ]),
  ...Object.entries(LINES).map(([name, line]): [string, string] => [
    `line: ${name}`,
    `${line}${HOST}\r\n${HIDDEN}`,
  ]),
];

test("no ambiguous request reaches the upstream, whole or split; each is refused and its connection closed", async () => {
  using upstream = startUpstream(echoing());
  await using router = await startRouter({ dynamic: forwardingTo(upstream.url) });
  expect(VARIANTS.length).toBeGreaterThanOrEqual(60);
  const wrong: string[] = [];
  for (const [name, bytes] of VARIANTS) {
    for (const size of [bytes.length, 7]) {
      using client = await RawClient.connect(router.port);
      await client.sendSegmented(Buffer.from(bytes, "latin1"), size, 0);
      const text = await client.readToEnd();
      const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => Number(match[1]));
      // Exactly one answer, a refusal: nothing behind it was taken for a request.
      if (statuses.length !== 1 || ![400, 417, 501, 505].includes(statuses[0])) {
        wrong.push(`${name} (segments of ${size}): ${statuses.join()}`);
      }
      if (!/connection: close/i.test(text))
        wrong.push(`${name}: the connection is not said to close`);
    }
  }
  expect(wrong).toEqual([]);
  const received = upstream.received.join("");
  expect(received).not.toContain("smuggled");
  // Bodies that broke off may have begun to be forwarded; heads are clean, and none is complete.
  for (const request of upstream.requests) expect(request.target).toBe("/never");
  for (const head of received.split("\r\n\r\n").filter((part) => part.includes("HTTP/1.1\r\n"))) {
    expect(head.match(/^content-length:/gim)?.length ?? 0).toBeLessThanOrEqual(1);
    expect(/^transfer-encoding: chunked$/im.test(head) && /^content-length:/im.test(head)).toBe(
      false,
    );
  }
});

test("what is not ambiguous is forwarded re-serialised, and what follows it is a request of its own", async () => {
  using upstream = startUpstream(echoing());
  await using router = await startRouter({ dynamic: forwardingTo(upstream.url) });
  const requests = [
    `POST /a HTTP/1.1\r\nhOsT: app.test\r\ncontent-length:   5\t\r\n\r\nhello`,
    `POST /b HTTP/1.1\r\n${HOST}transfer-encoding: CHUNKED\r\n\r\n${chunk("hel")}${chunk("lo")}0\r\n\r\n`,
    `POST /c HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5;x=y;z="q\\"q"\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n`,
    `GET /d HTTP/1.1\r\n${HOST}Content-Length: 0\r\n\r\n`,
    `GET http://app.test/e HTTP/1.1\r\nHost: other.test\r\n\r\n`,
  ];
  using client = await RawClient.connect(router.port);
  await client.send(requests.join(""));
  const bodies: string[] = [];
  for (let i = 0; i < requests.length; i++) {
    const seen = JSON.parse((await client.response(i < 3 ? "POST" : "GET")).text);
    bodies.push(`${seen.target} ${seen.body}`);
  }
  expect(bodies).toEqual(["/a hello", "/b hello", "/c hello", "/d ", "/e "]);
  expect(upstream.errors).toEqual([]);
  for (const request of upstream.requests) expect(request.header("host")).toBe("app.test");
});
