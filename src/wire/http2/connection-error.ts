import { ErrorCode } from "./message.ts";

/** What ends the whole connection (RFC 9113 section 5.4.1). `code` goes into GOAWAY. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export function protocolError(message: string): ConnectionError {
  return new ConnectionError(ErrorCode.protocolError, message);
}

export function frameSizeError(message: string): ConnectionError {
  return new ConnectionError(ErrorCode.frameSizeError, message);
}

export function flowControlError(message: string): ConnectionError {
  return new ConnectionError(ErrorCode.flowControlError, message);
}

/** A budget is used up, or a limit is passed that costs memory. */
export function enhanceYourCalm(message: string): ConnectionError {
  return new ConnectionError(ErrorCode.enhanceYourCalm, message);
}
