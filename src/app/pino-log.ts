// The log of a running house: pino, one JSON line for each thing, to stderr or a file.
import type { Log } from "#kernel/log.ts";
import { pino } from "pino";

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** A log that writes JSON lines to a file descriptor (2 = stderr). */
export function createPinoLog(level: LogLevel, fd = 2): Log {
  const redact = { paths: ["authorization", "*.authorization", "*.api_key", "*.secret"] };
  const options = { level, base: null, redact, timestamp: pino.stdTimeFunctions.isoTime };
  return wrap(pino(options, pino.destination({ fd, sync: true })));
}

function wrap(logger: pino.Logger): Log {
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    child: (fields) => wrap(logger.child(fields)),
  };
}
