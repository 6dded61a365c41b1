// The floor of every gateway: bytes passed on as they come, nothing read, one connection for each.
// Argument: the provider's port. Prints its own as JSON; ends with its standard input.
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

const port = Number(process.argv[2]);

function passOn(from: Socket, to: Socket): void {
  from.on("data", (piece) => to.write(piece));
  from.on("close", () => to.destroy());
  from.on("error", () => to.destroy());
}

const server = createServer({ noDelay: true }, (caller) => {
  const provider = connect({ port, host: "127.0.0.1", noDelay: true });
  passOn(caller, provider);
  passOn(provider, caller);
});

server.listen(0, "127.0.0.1", () => {
  console.log(JSON.stringify({ port: (server.address() as AddressInfo).port }));
});
process.stdin.resume().once("end", () => process.exit(0));
