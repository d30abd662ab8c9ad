import { expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import {
  CLASS,
  decodeMessage,
  encodeAnswer,
  encodeUpdate,
  TYPE,
} from "../../../../src/net/dns/dns-message.ts";
import { checkSignature, signMessage, type TsigKey } from "../../../../src/net/dns/dns-tsig.ts";

const KEY: TsigKey = {
  name: "Key.example.",
  algorithm: "hmac-sha256",
  secret: Uint8Array.from({ length: 32 }, (_, at) => at),
};
const NOW = 1_700_000_000_000;
const UPDATE = encodeUpdate(0x4242, "example.com.", []);

test("a signature is over the message and what RFC 8945 section 4.3.3 adds to it", async () => {
  const { message, mac } = await signMessage(UPDATE, KEY, NOW);
  const hex =
    // The name and the algorithm in canonical form, class ANY, TTL 0, time, fudge, no error, nothing other.
    "036b6579076578616d706c6500" +
    "00ff" +
    "00000000" +
    "0b686d61632d73686132353600" +
    "00006553f100" +
    "012c" +
    "0000" +
    "0000";
  const expected = createHmac("sha256", KEY.secret)
    .update(UPDATE)
    .update(Buffer.from(hex, "hex"))
    .digest();
  expect(Buffer.from(mac)).toEqual(expected);
  const decoded = decodeMessage(message);
  expect(decoded.additional).toHaveLength(1);
  expect(decoded.additional[0]).toMatchObject({
    name: "Key.example.",
    type: TYPE.TSIG,
    class: CLASS.ANY,
    ttl: 0,
  });
});

/** The answer of a server with this key; its signature covers the request's. */
async function answered(key: TsigKey, requestMac: Uint8Array, now = NOW): Promise<Uint8Array> {
  const bare = encodeAnswer(decodeMessage(UPDATE), 0, []);
  // What is signed begins with the request's MAC; the record itself is the same as in a request.
  const { message, mac } = await signMessage(bare, key, now);
  const variables = Buffer.concat([
    Buffer.from("036b6579076578616d706c6500", "hex"),
    Buffer.from("00ff00000000", "hex"),
    Buffer.from("0b686d61632d73686132353600", "hex"),
    Buffer.from(
      Math.floor(now / 1000)
        .toString(16)
        .padStart(12, "0"),
      "hex",
    ),
    Buffer.from("012c00000000", "hex"),
  ]);
  const true_ = createHmac("sha256", key.secret)
    .update(Buffer.from([0, requestMac.length]))
    .update(requestMac)
    .update(bare)
    .update(variables)
    .digest();
  const at = Buffer.from(message).indexOf(Buffer.from(mac));
  return Uint8Array.from([
    ...message.subarray(0, at),
    ...true_,
    ...message.subarray(at + mac.length),
  ]);
}

test("an answer's signature is checked, with the request's own under it", async () => {
  const { mac } = await signMessage(UPDATE, KEY, NOW);
  const answer = await answered(KEY, mac);
  await checkSignature(answer, KEY, mac, NOW);
  const other = { ...KEY, secret: new Uint8Array(32) };
  await expect(checkSignature(answer, other, mac, NOW)).rejects.toThrow("signature");
  await expect(checkSignature(answer, KEY, new Uint8Array(32), NOW)).rejects.toThrow("wrong");
  await expect(checkSignature(answer, { ...KEY, name: "b." }, mac, NOW)).rejects.toThrow(
    "another key",
  );
  await expect(checkSignature(answer, KEY, mac, NOW + 400_000)).rejects.toThrow("clocks differ");
  const forged = answer.slice();
  forged[3] = 5;
  await expect(checkSignature(forged, KEY, mac, NOW)).rejects.toThrow("wrong");
});

test("an answer that isn't signed is refused, whatever it says", async () => {
  const bare = encodeAnswer(decodeMessage(UPDATE), 0, []);
  await expect(checkSignature(bare, KEY, new Uint8Array(32))).rejects.toThrow("is not signed");
});

test("an algorithm that WebCrypto lacks is refused by name", async () => {
  await expect(signMessage(UPDATE, { ...KEY, algorithm: "hmac-sha224" })).rejects.toThrow(
    'expected one of hmac-sha1., hmac-sha256., hmac-sha384., hmac-sha512., found "hmac-sha224"',
  );
});
