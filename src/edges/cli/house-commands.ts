// Commands on the house itself: up, demo, doctor, config.
import type { Command } from "commander";
import { LakehouseError } from "#kernel/problem.ts";
import type { DemoOptions, UpOptions } from "./cli-host.ts";
import { wholeNumber, type CommandKit } from "./command-kit.ts";
import { dim, green, red } from "./output.ts";

export function addHouseCommands(program: Command, kit: CommandKit): void {
  program
    .command("up")
    .description("serve everything (or some services) until told to stop")
    .option("--only <services>", "e.g. query,vector; the others are reached over HTTP")
    .option(
      "--port <number>",
      "default 3110; parts that run apart have their own",
      wholeNumber(0, 65535),
    )
    .option("--host <address>", "default 127.0.0.1; others need [auth] tokens")
    .action((options: UpOptions) => kit.host.up({ ...kit.globals(), ...options }));
  program
    .command("demo")
    .description("a staffing office for two days, from data to accepted and remembered work")
    .option("--rows <count>", "workers that are generated", wholeNumber(100, 10_000_000), 10_000)
    .option("--seed <number>", "seed of the data", wholeNumber(0, 2 ** 31), 42)
    .option("-o, --out <folder>", "where the report goes", "reports/demo")
    .action(async (options: DemoOptions) => {
      process.exitCode = await kit.host.demo({ ...kit.globals(), ...options });
    });
  program
    .command("doctor")
    .description("check that everything the house needs is there and works")
    .action(async () => {
      const checks = await kit.host.doctor(kit.globals());
      kit.output().result({ checks }, () =>
        checks
          .map(({ ok, name, detail, hint }) => {
            const advice = ok || hint === undefined ? "" : `\n    ${dim(hint)}`;
            return `${ok ? green("✓") : red("✗")} ${name.padEnd(18)} ${detail}${advice}`;
          })
          .join("\n"),
      );
      const bad = checks.filter((check) => !check.ok).map((check) => check.name);
      if (bad.length > 0)
        throw new LakehouseError("unavailable", `not in order: ${bad.join(", ")}`);
    });
  program
    .command("config")
    .description("the effective settings, secrets masked")
    .action(async () => {
      const settings = await kit.host.config(kit.globals());
      kit.output().result(settings, () => JSON.stringify(settings, undefined, 2));
    });
  program
    .command("keys")
    .description("how S3 clients and Iceberg engines attach: addresses and the owner's key")
    .action(async () => {
      const found = await kit.host.connection(kit.globals());
      kit.output().result(found, () => {
        const id = found.key?.access_key_id ?? "<name of an access token>";
        const secret = found.key?.secret_access_key ?? "<its secret>";
        return [
          `Iceberg REST catalog  ${found.iceberg_uri}`,
          `S3 endpoint           ${found.s3_endpoint}  (path style, region ${found.region})`,
          "",
          `export AWS_ENDPOINT_URL=${found.s3_endpoint}`,
          `export AWS_REGION=${found.region}`,
          `export AWS_ACCESS_KEY_ID=${id}`,
          `export AWS_SECRET_ACCESS_KEY=${secret}`,
        ].join("\n");
      });
    });
}
