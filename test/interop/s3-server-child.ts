// A gateway with the S3 door in a process of its own; says where it is and how much memory it has.
import { startS3House } from "./s3-house.ts";

const [root = ""] = process.argv.slice(2);
const bytes_max = 64 * 1024 ** 3;
const house = await startS3House({ root, settings: { object_bytes_max: bytes_max } });
process.send?.({ kind: "ready", url: house.url, pair: house.house });
const timer = setInterval(() => {
  // Whoever asked may just have gone: `disconnect` follows.
  process.send?.({ kind: "rss", bytes: process.memoryUsage.rss() }, () => undefined);
}, 50);
process.once("disconnect", () => {
  clearInterval(timer);
  void house.stop().then(() => process.exit(0));
});
