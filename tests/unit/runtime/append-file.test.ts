import { afterAll, describe, expect, test } from "bun:test";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { DescriptorAppender, openAppend } from "../../../runtime/node/append-file.ts";

const directory = mkdtempSync("/tmp/append-file-");
afterAll(() => rmSync(directory, { recursive: true }));

const bytes = (text: string) => new TextEncoder().encode(text);

describe("writeNow", () => {
  test("the bytes are in a file when it returns, and the array stays the caller's", async () => {
    const path = `${directory}/now.log`;
    const file = await openAppend(path);
    const line = bytes("first and more");
    file.writeNow(line, 5);
    line.fill(0x78);
    expect(readFileSync(path, "utf8")).toBe("first");
    await file.close();
  });

  test("what is queued comes before it", async () => {
    const path = `${directory}/order.log`;
    const file = await openAppend(path);
    file.write(bytes("1"));
    file.writeNow(bytes("2"), 1);
    file.write(bytes("3"));
    await file.flush();
    file.writeNow(bytes("4"), 1);
    expect(readFileSync(path, "utf8")).toBe("1234");
    await file.close();
  });

  test("a device is written to without waiting for it", async () => {
    const file = await openAppend("/dev/null");
    file.writeNow(bytes("gone"), 4);
    await file.close();
  });
});

describe("trouble", () => {
  const hear = (file: DescriptorAppender) => {
    const heard: string[] = [];
    file.onTrouble = (error) => heard.push(error === null ? "over" : (error as Error).message);
    return heard;
  };

  test("is told once, throws nothing, and its end is told", async () => {
    const path = `${directory}/read-only.log`;
    writeFileSync(path, "");
    const descriptor = openSync(path, "r");
    const file = new DescriptorAppender(descriptor);
    const heard = hear(file);
    for (let i = 0; i < 3; i++) file.writeNow(bytes("lost"), 4);
    file.write(bytes("lost too"));
    await expect(file.flush()).rejects.toThrow("EBADF");
    expect(heard).toEqual([expect.stringContaining("EBADF")]);
    closeSync(descriptor);
    // Under the same number a file that takes bytes: that the disk has room again looks like this.
    const opened = [openSync(path, "a")];
    while (opened.at(-1) !== descriptor && opened.length < 100) opened.push(openSync(path, "a"));
    expect(opened.at(-1)).toBe(descriptor);
    file.writeNow(bytes("kept"), 4);
    file.write(bytes(" and kept"));
    await file.flush();
    expect(heard.slice(1)).toEqual(["over"]);
    expect(readFileSync(path, "utf8")).toBe("kept and kept");
    for (const number of opened) closeSync(number);
  });

  test("of a device is told once as well", async () => {
    const descriptor = openSync("/dev/full", "a");
    const file = new DescriptorAppender(descriptor);
    const heard = hear(file);
    for (let i = 0; i < 3; i++) {
      file.writeNow(bytes("lost"), 4);
      await file.flush().catch(() => {});
    }
    expect(heard).toEqual([expect.stringContaining("ENOSPC")]);
    closeSync(descriptor);
  });
});
