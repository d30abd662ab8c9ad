import type { Exchange } from "../../http/exchange.ts";
import type { Handler } from "../../http/handler.ts";
import { whenSettled } from "../../http/handler.ts";
import type { Files } from "../../net/runtime.ts";
import type { LoadModule } from "../../services/http/http-service.ts";
import { type ErrorReport, errorReport, reportPage, reportText } from "./error-report.ts";

export interface DevModuleOptions {
  /** The directory of the module, absolute. */
  readonly directory: string;
  readonly files: Pick<Files, "read">;
  readonly colored: boolean;
  /** Writes to the terminal. */
  readonly print: (text: string) => void;
}

/**
 * Loads a module for its author: what can't be loaded is said, and answers with what is wrong until the
 * next change; so does what the module throws.
 */
export function devModules(options: DevModuleOptions): (load: LoadModule) => LoadModule {
  const { directory, files, colored, print } = options;
  let loaded = 0;
  const report = async (error: unknown): Promise<ErrorReport> => {
    const made = await errorReport(error, directory, files);
    print(reportText(made, colored));
    return made;
  };
  return (load) =>
    async (...module) => {
      let handler: Handler;
      try {
        handler = await load(...module);
      } catch (error) {
        const made = await report(error);
        return (request) => answer(made, request);
      }
      if (++loaded > 1) print(`Loaded ${module[0]} again\n`);
      return (request, exchange) => {
        const failed = async (error: unknown, exchange: Exchange): Promise<Response> => {
          // A client that went away is no mistake of the module's.
          if (exchange.aborted !== null) throw error;
          return answer(await report(error), request);
        };
        try {
          return whenSettled(handler(request, exchange), exchange, null, failed);
        } catch (error) {
          return failed(error, exchange);
        }
      };
    };
}

/** A page for browsers, plain text for others. */
function answer(report: ErrorReport, request: Request): Response {
  const isPage = request.headers.get("accept")?.includes("text/html") === true;
  return new Response(isPage ? reportPage(report) : reportText(report, false), {
    status: 500,
    headers: {
      "Content-Type": `${isPage ? "text/html" : "text/plain"}; charset=utf-8`,
      "Cache-Control": "no-store",
    },
  });
}
