// Encrypted exchanges of our own: whom they trust, that they are used, and when they give up.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { test } from "node:test";
import assert from "node:assert/strict";
import { createExchange, wasSent } from "./http-dispatch.ts";
import { createHttp1Dispatch } from "./http1-agent.ts";
import { listening } from "../../test/support/listening.ts";
import { tempDir, type HasAfter } from "../../test/support/temp-dir.ts";

/** Of localhost, until 2126; trusted by nobody who is not told to. */
const CERT = `-----BEGIN CERTIFICATE-----
MIIBlTCCATugAwIBAgIUCbBITcM8iWsxWtlZc8Fx68Vz0SUwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzA0NDQ0OVoYDzIxMjYxMDMw
MDQ0NDQ5WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAR1tb/43YOEm1LAmbgi3j0YWWy8O+GMQObi3cYUzKHFWQjx6fkWdYGA
+VZ+qoVOfjPmniwYE7seCXaZfXTZuY/Fo2kwZzAdBgNVHQ4EFgQUM8tmoieriOS7
mN8aCA8QWQM8oUQwHwYDVR0jBBgwFoAUM8tmoieriOS7mN8aCA8QWQM8oUQwDwYD
VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
SAAwRQIhAJuqExD6/QyQgmCh7Vy0Wua1xPszrW5Gnqfa1/+FnWbHAiAuG8GeVcCX
0UHKg55ZuqsviD0Mi19HBq1gk3yem0apWA==
-----END CERTIFICATE-----
`;
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgVvcWlEcpybTyQ1hv
jqIzABvz6myyt76kLRmo5EmMpiGhRANCAAR1tb/43YOEm1LAmbgi3j0YWWy8O+GM
QObi3cYUzKHFWQjx6fkWdYGA+VZ+qoVOfjPmniwYE7seCXaZfXTZuY/F
-----END PRIVATE KEY-----
`;

/** Answers each request; one to /silent it does not. */
function serve(t: HasAfter): Promise<number> {
  const answer = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngood";
  const server = createTlsServer({ cert: CERT, key: KEY }, (socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (request) => {
      if (!request.toString().includes(" /silent ")) socket.write(answer);
    });
  });
  return listening(t, server);
}

const send = createExchange(createHttp1Dispatch({ connect_timeout_ms: 200 }));

async function failureOf(url: string): Promise<Error & { code?: string }> {
  const asked = { method: "POST", url, headers: {}, body: "{}", signal: undefined };
  const answer = send({ ...asked, whole_bytes_max: 0 });
  return answer.then(
    () => assert.fail("it was answered"),
    (error: unknown) => error as Error,
  );
}

test("a server whose certificate nobody vouches for is not asked", async (t) => {
  const error = await failureOf(`https://localhost:${await serve(t)}/`);
  assert.match(error.code ?? "", /SELF_SIGNED/);
  assert.equal(wasSent(error), false);
});

test("a server that never ends the greeting is given up in time, and was not asked", async (t) => {
  const deaf = await listening(
    t,
    createServer((socket) => void socket.on("error", () => undefined).resume()),
  );
  const error = await failureOf(`https://localhost:${deaf}/`);
  assert.equal(error.code, "ETIMEDOUT");
  assert.equal(wasSent(error), false);
});

/** In a process that is told whom to trust: each client of each address says what it got. */
const TRUSTING = `
const [folder, port] = process.argv.slice(-2);
(async () => {
  const { createHttpRequester, collectBytes } = await import(folder + "http-client.ts");
  const { createExchange } = await import(folder + "http-dispatch.ts");
  const { createHttp1Dispatch } = await import(folder + "http1-agent.ts");
  const places = { method: "POST", headers: {}, body: "{}", signal: undefined, whole_bytes_max: 0 };
  const exchange = createExchange(createHttp1Dispatch({ connect_timeout_ms: 5000 }));
  const own = (asked) => exchange({ ...places, ...asked });
  const request = createHttpRequester({ fetch_plain: true });
  const say = async (send, url) => {
    try {
      const { body } = await send({ method: "POST", url, body: "{}", timeout_ms: 5000 });
      console.log((await collectBytes(body)).toString());
    } catch (error) {
      console.log((error.cause ?? error).code);
    }
  };
  for (const host of ["localhost", "127.0.0.1"]) {
    await say(own, "https://" + host + ":" + port + "/");
    await say(request, "https://" + host + ":" + port + "/");
  }
  // More than Bun's fetch has room for.
  for (let nr = 0; nr < 300; nr++) {
    request({ method: "POST", url: "https://localhost:" + port + "/silent", body: "{}" }).catch(
      (error) => console.log(error.message),
    );
  }
  await new Promise((resolve) => setTimeout(resolve, 300));
  await say(request, "https://localhost:" + port + "/");
  process.exit(0);
})();
`;

test("one that is trusted is asked by its name only, and also when fetch has no room", async (t) => {
  const folder = await tempDir(t);
  const ca = join(folder, "ca.pem");
  await writeFile(ca, CERT);
  const port = await serve(t);
  const here = new URL(".", import.meta.url).href;
  const child = spawn(process.execPath, ["-e", TRUSTING, "--", here, String(port)], {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: ca },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said: Buffer[] = [];
  child.stdout.on("data", (piece: Buffer) => void said.push(piece));
  await once(child, "close");
  const other_name = "ERR_TLS_CERT_ALTNAME_INVALID";
  const words = Buffer.concat(said).toString().trim().split("\n");
  assert.deepEqual(words, ["good", "good", other_name, other_name, "good"]);
});
