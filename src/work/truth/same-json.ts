// Whether two JSON values are the same: numbers by value (0 is -0), objects whatever their order.

export function sameJson(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) {
    return false;
  }
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const names = Object.keys(one);
  if (names.length !== Object.keys(other).length) return false;
  const fields = other as Record<string, unknown>;
  return names.every(
    (name) =>
      Object.hasOwn(fields, name) && sameJson((one as Record<string, unknown>)[name], fields[name]),
  );
}
