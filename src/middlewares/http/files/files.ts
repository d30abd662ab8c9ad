import { CODINGS, type Coding } from "../../../core/codecs.ts";
import { messageOf } from "../../../core/errors.ts";
import { AT_ONCE } from "../../../http/bodies/file-body.ts";
import type { Exchange } from "../../../http/exchange.ts";
import { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import { LazyResponse } from "../../../http/lazy/lazy-response.ts";
import { HeaderList } from "../../../wire/header-list.ts";
import { fieldText } from "../headers/field-edits.ts";
import type {
  HttpMiddlewareContext,
  HttpMiddlewareKind,
  HttpMiddlewareOptions,
} from "../http-middleware.ts";
import { plainAnswer } from "../plain-answer.ts";
import { type ContentTypes, contentTypes } from "./content-types.ts";
import { filePath } from "./file-path.ts";
import { fileResponse } from "./file-response.ts";
import { FileTree } from "./file-tree.ts";

type Options = HttpMiddlewareOptions<"files">;

const forbidden = plainAnswer(403);
const notAllowed = plainAnswer(405);
const tooMany = plainAnswer(503);
const notFound = plainAnswer(404, "404 page not found\n");

/** Files that may be on their way at once, in each worker; small ones are read at once and don't count. */
const MOST_OPEN = 1024;

/** The system has no room for another open file. */
const NO_ROOM = new Set(["EMFILE", "ENFILE"]);
/** The system doesn't let Sluice read it. */
const NO_ACCESS = new Set(["EACCES", "EPERM"]);

/**
 * `files`, ours: answers with the files below a directory, with ranges (RFC 9110 section 14), preconditions
 * (section 13) and what stands beside them compressed. What isn't there is for the router's service.
 */
export const files: HttpMiddlewareKind<"files"> = {
  async create(options, context) {
    const tree = treeOf(options, context);
    const server = new FileServer(tree, options, context, await contentTypes());
    const passesOn = options.notFound !== "404";
    return {
      middleware: (next) => (request, exchange) => {
        const lazy = LazyRequest.of(request, exchange);
        // A file can't speak another protocol.
        if (passesOn && lazy.upgrade !== "") return next(lazy, exchange);
        const response = server.answer(lazy, exchange);
        return response ?? (passesOn ? next(lazy, exchange) : notFound());
      },
    };
  },
};

class FileServer {
  private readonly tree: FileTree;
  private readonly types: ContentTypes;
  private readonly logger: HttpMiddlewareContext["logger"];
  private readonly dotFiles: boolean;
  private readonly fallback: string;
  private readonly cacheControl: string;
  private readonly vary: string;
  private readonly mostOpen: number;
  private open = 0;

  constructor(
    tree: FileTree,
    options: Options,
    { logger }: HttpMiddlewareContext,
    types: ContentTypes,
  ) {
    this.tree = tree;
    this.types = types;
    this.logger = logger;
    this.dotFiles = options.dotFiles ?? false;
    this.fallback = options.fallback ?? "";
    if (this.fallback !== "" && filePath(this.fallback, true) === null)
      throw new Error(
        `files: fallback: expected a path as "/index.html", found "${this.fallback}"`,
      );
    this.cacheControl = fieldText(options.cacheControl ?? "");
    this.vary = (options.precompressed ?? []).length > 0 ? "Accept-Encoding" : "";
    this.mostOpen = options.maxOpenFiles ?? MOST_OPEN;
  }

  /** Null where there is nothing to answer with. */
  answer(lazy: LazyRequest, exchange: Exchange): Response | null {
    const { method } = lazy;
    const reads = method === "GET" || method === "HEAD";
    try {
      const path = filePath(lazy.emptyPath ? "/" : lazy.path, this.dotFiles);
      const found = path === null ? null : this.tree.find(path);
      if (found !== null && !reads) return notAllowed([["Allow", "GET, HEAD"]]);
      if (found === "directory") return withSlash(lazy);
      if (found !== null) {
        const response = this.serve(found.file, this.vary, lazy, exchange);
        if (response !== null) return response;
      }
      if (this.fallback === "" || !reads || !this.isFallbackFor(lazy)) return null;
      const vary = this.vary === "" ? "Accept" : `${this.vary}, Accept`;
      const page = this.tree.find(this.fallback);
      if (page === null || page === "directory") return null;
      return this.serve(page.file, vary, lazy, exchange);
    } catch (error) {
      const code = String((error as { code?: unknown } | null)?.code);
      if (NO_ACCESS.has(code)) return forbidden();
      if (!NO_ROOM.has(code)) throw error;
      this.logger.error("A file can't be opened", { error: messageOf(error) });
      return tooMany([["Retry-After", "1"]]);
    }
  }

  private serve(
    path: string,
    vary: string,
    lazy: LazyRequest,
    exchange: Exchange,
  ): Response | null {
    const { headerList, method } = lazy;
    const opened = this.tree.open(path, headerList.get("accept-encoding"));
    if (opened === null) return null;
    const stays = method === "GET" && opened.file.size > AT_ONCE;
    if (stays && this.open >= this.mostOpen) {
      opened.file.close();
      return tooMany([["Retry-After", "1"]]);
    }
    const contentType = this.types.of(path);
    const fields = { contentType, cacheControl: this.cacheControl, vary };
    const response = fileResponse(opened, fields, method, headerList);
    if (stays) {
      this.open++;
      exchange.onFinish(() => {
        this.open--;
        // What no reader took up isn't closed by one.
        if (!response.bodyUsed) opened.file.close();
      });
    }
    return response;
  }

  /** A path that looks like a file's is one that is missing, unless the client says that it wants a page. */
  private isFallbackFor({ headerList, path }: LazyRequest): boolean {
    const accepted = headerList.get("accept");
    if (accepted !== null && /(?:^|[,\s])text\/html\b/i.test(accepted)) return true;
    if (accepted !== null && !accepted.includes("*/*")) return false;
    return !this.types.knows(path);
  }
}

/** To the directory that was meant, relative to the URL that the client knows: a middleware may have cut its path. */
function withSlash(lazy: LazyRequest): Response {
  const { path, search } = lazy;
  const name = path.slice(path.lastIndexOf("/") + 1);
  const location = HeaderList.from([["Location", `./${name}/${search}`]]);
  return new LazyResponse(301, location, null);
}

function treeOf(options: Options, { servedFiles }: HttpMiddlewareContext): FileTree {
  const { root, index = ["index.html"], precompressed = [], outsideLinks = false } = options;
  if (servedFiles === undefined) throw new Error("files: there are no files on this platform");
  if (!root.startsWith("/"))
    throw new Error(
      `files: root: expected an absolute path (a relative one counts only in a file), found "${root}"`,
    );
  if (servedFiles.look(root) !== "directory")
    throw new Error(`files: root: expected a directory, found none at "${root}"`);
  for (const name of index)
    if (name === "" || /[/\\\0]/.test(name) || name === "..")
      throw new Error(`files: index: expected names of files, found "${name}"`);
  return new FileTree(servedFiles, {
    root: root.replace(/\/+$/, ""),
    index,
    precompressed: precompressed.map(codingOf),
    outsideLinks,
  });
}

function codingOf(name: string): Coding {
  const coding = CODINGS.find((candidate) => candidate === name);
  if (coding === undefined)
    throw new Error(`files: precompressed: expected ${CODINGS.join(", ")}, found "${name}"`);
  return coding;
}
