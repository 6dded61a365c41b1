// Names of OpenTelemetry as Prometheus writes them.

/** `gen_ai.provider.name` → `gen_ai_provider_name` (OpenTelemetry, "Prometheus compatibility"). */
export function prometheusName(name: string): string {
  return name.replaceAll(".", "_");
}
