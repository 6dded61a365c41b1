// Where the Iceberg REST catalog stands.

export const ICEBERG_ROOT = "/iceberg/v1/";
